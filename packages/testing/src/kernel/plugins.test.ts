import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, type KernelEvent } from '@zooid/kernel';
import {
  App,
  contractVersion,
  definePlugin,
  IsInt,
  IsOptional,
  inject,
  injectable,
  ModelBackend,
  Models,
  multiInject,
  type Plugin,
  type ServiceIdentifier,
} from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { fakeApp } from '../fakes/fake-app.js';
import { fakeBackend } from '../fakes/fake-backend.js';
import { pluginOf } from '../fakes/plugin-of.js';

const A: ServiceIdentifier<{ name: string }> = Symbol.for('test/A');
const B: ServiceIdentifier<{ name: string }> = Symbol.for('test/B');

/** A plugin that binds one object per token and remembers when it was built. */
function piece(
  name: string,
  provides: ServiceIdentifier[],
  requires: ServiceIdentifier[],
  built: string[] = [],
): Plugin {
  return definePlugin({
    name,
    requires,
    provides,
    register({ bind }) {
      for (const token of provides) {
        bind(token).toDynamicValue(() => {
          built.push(name);
          return { name: `${name} service` };
        });
      }
    },
  });
}

const load = (...plugins: (Plugin | string)[]) => createKernel({ plugins });

describe('loading plugins', () => {
  it('names the requirement nobody provides, and the plugins at hand that would', async () => {
    const app = definePlugin({ ...piece('app-x', [B], [ModelBackend]) });
    const error = await rejection(createKernel({ plugins: [app], available: [fakeBackend().plugin] }));
    expect((error as Error).message).toBe(
      "plugin 'app-x' requires ModelBackend, which no loaded plugin provides; load one of: backend-fake",
    );
  });

  it('constructs nothing when a requirement is missing', async () => {
    const built: string[] = [];
    await rejection(load(piece('first', [A], [], built), piece('second', [], [B], built)));
    expect(built).toEqual([]);
  });

  it('starts providers before those who require them, whatever the order given', async () => {
    const kernel = await load(piece('needs-both', [], [A, B]), piece('gives-b', [B], [A]), piece('gives-a', [A], []));
    expect(kernel.plugins.map(({ name }) => name)).toEqual(['gives-a', 'gives-b', 'needs-both']);
    await kernel[Symbol.asyncDispose]();
  });

  it('keeps the given order where nothing else decides', async () => {
    const kernel = await load(piece('z', [A], []), piece('m', [], []), piece('a', [B], []));
    expect(kernel.plugins.map(({ name }) => name)).toEqual(['z', 'm', 'a']);
    await kernel[Symbol.asyncDispose]();
  });

  it('walks along the cycle in its message', async () => {
    const error = await rejection(load(piece('x', [A], [B]), piece('y', [B], [A])));
    expect((error as Error).message).toContain('x → y → x');
  });

  it('refuses two plugins of one name', async () => {
    const error = await rejection(load(piece('twin', [A], []), piece('twin', [B], [])));
    expect((error as Error).message).toContain("'twin' is loaded twice");
  });

  it('refuses two services of one kind and name, naming both plugins', async () => {
    const error = await rejection(load(fakeApp().plugin, { ...fakeApp().plugin, name: 'app-other' }));
    expect((error as Error).message).toBe(
      "plugin 'app-other' provides App 'echo', which plugin 'app-echo' provides already; load only one of them",
    );
  });

  it('refuses a plugin that does not bind what it says it provides', async () => {
    const error = await rejection(load(definePlugin({ name: 'empty', provides: [A], register() {} })));
    expect((error as Error).message).toContain('provides A, but its register() binds nothing to it');
  });

  it('refuses a plugin that binds later, but not one whose register() is an expression', async () => {
    const later = definePlugin({ name: 'later', provides: [A], register: (async () => {}) as () => void });
    expect(((await rejection(load(later))) as Error).message).toContain('has an async register()');
    const terse = definePlugin({
      name: 'terse',
      provides: [A],
      register: ({ bind }) => bind(A).toConstantValue({ name: 'terse' }),
    });
    const kernel = await load(terse);
    expect(kernel.plugins).toEqual([terse]);
    await kernel[Symbol.asyncDispose]();
  });

  it('refuses a plugin written for another contract', async () => {
    const error = await rejection(load({ ...piece('old', [A], []), contract: 99 as typeof contractVersion }));
    expect((error as Error).message).toContain('written for plugin contract 99');
  });

  it('wraps what a constructor throws and releases what had started', async () => {
    const released: string[] = [];
    const first = pluginOf('first', A, {
      name: 'first',
      [Symbol.asyncDispose]: async () => void released.push('first'),
    } as { name: string });
    const broken = definePlugin({
      name: 'broken',
      provides: [B],
      register: ({ bind }) =>
        void bind(B).toDynamicValue(() => {
          throw new Error('no disk');
        }),
    });
    const error = await rejection(load(first, broken));
    expect(codeOf(error)).toBe('PLUGIN_FAILED');
    expect((error as Error).message).toContain("plugin 'broken' failed to start: no disk");
    expect(released).toEqual(['first']);
  });
});

describe('what plugins see of each other', () => {
  it('is what others publish, and the services of the kernel', async () => {
    @injectable()
    class Reader {
      readonly name = 'reader';
      constructor(
        @multiInject(A) readonly pieces: readonly { name: string }[],
        @inject(Models) readonly models: Models,
      ) {}
    }
    let reader: Reader | undefined;
    const consumer = definePlugin({
      name: 'consumer',
      requires: [A, Models],
      provides: [B],
      register({ bind }) {
        bind(B)
          .to(Reader)
          .onActivation((_, made) => {
            reader = made as Reader;
            return made;
          });
      },
    });
    const kernel = await load(consumer, piece('one', [A], []), piece('two', [A], []));
    expect(reader!.pieces.map(({ name }) => name)).toEqual(['one service', 'two service']);
    expect(reader!.models).toBe(kernel.models);
    await kernel[Symbol.asyncDispose]();
  });

  it('is not what others keep to themselves', async () => {
    const secret = definePlugin({
      name: 'secretive',
      provides: [A],
      register({ bind }) {
        bind(A).toConstantValue({ name: 'public' });
        bind(B).toConstantValue({ name: 'private' });
      },
    });
    @injectable()
    class Spy {
      constructor(@inject(B) readonly stolen: unknown) {}
    }
    const curious = definePlugin({
      name: 'curious',
      requires: [A],
      provides: [App],
      register: ({ bind }) => void bind(App).to(Spy as never),
    });
    const error = await rejection(load(secret, curious));
    expect((error as Error).message).toContain("plugin 'curious' failed to start");
  });
});

describe('configuration of plugins', () => {
  class Settings {
    @IsOptional()
    @IsInt()
    threads = 2;
  }
  const seen: Settings[] = [];
  const configurable = definePlugin({
    name: 'configurable',
    provides: [A],
    config: Settings,
    register({ bind }, config) {
      seen.push(config);
      bind(A).toConstantValue({ name: 'a' });
    },
  });
  const start = (settings: Record<string, unknown>) => createKernel({ plugins: [configurable], config: { settings } });

  it('is built by the plugin’s class, defaults included', async () => {
    await (await start({}))[Symbol.asyncDispose]();
    await (await start({ configurable: { threads: 4 } }))[Symbol.asyncDispose]();
    expect(seen.map(({ threads }) => threads)).toEqual([2, 4]);
    expect(seen[0]).toBeInstanceOf(Settings);
  });

  it('names the nearest key for an unknown one', async () => {
    const error = await rejection(start({ configurable: { thread: 4 } }));
    expect((error as Error).message).toContain(
      "/settings/configurable/thread is an unknown key; did you mean 'threads'?",
    );
  });

  it('names the nearest plugin for an unknown one', async () => {
    const error = await rejection(start({ configurabel: {} }));
    expect((error as Error).message).toContain("did you mean 'configurable'?");
  });

  it('is refused by a plugin that takes none', async () => {
    const error = await rejection(
      createKernel({ plugins: [piece('plain', [A], [])], config: { settings: { plain: {} } } }),
    );
    expect((error as Error).message).toContain("plugin 'plain' takes no configuration");
  });
});

describe('release', () => {
  it('goes from the last plugin to the first, survives a failure, and happens once', async () => {
    const released: string[] = [];
    const disposable = (name: string, fails = false) =>
      pluginOf(name, name === 'last' ? B : A, {
        name,
        async [Symbol.asyncDispose]() {
          released.push(name);
          if (fails) throw new Error(`${name} is stuck`);
        },
      } as { name: string });
    const events: KernelEvent[] = [];
    const kernel = await createKernel({
      plugins: [disposable('first'), disposable('middle', true), disposable('last')],
      onEvent: (event) => events.push(event),
    });
    const error = await rejection(kernel[Symbol.asyncDispose]());
    expect(released).toEqual(['last', 'middle', 'first']);
    expect(error).toBeInstanceOf(AggregateError);
    expect(events.filter(({ type }) => type === 'release-failed')).toHaveLength(1);
    await rejection(kernel[Symbol.asyncDispose]());
    expect(released).toHaveLength(3);
  });
});

describe('plugins named by string', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zooid-plugins-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const source = (name: string) =>
    `export default { name: '${name}', contract: ${contractVersion}, provides: [], register() {} };`;
  const names = async (...plugins: string[]) => {
    const kernel = await createKernel({ plugins, config: { root } });
    const found = kernel.plugins.map(({ name }) => name);
    await kernel[Symbol.asyncDispose]();
    return found;
  };

  it('are found by file, by folder, by package name and by our short names', async () => {
    await writeFile(join(root, 'single.mjs'), source('single'));
    await mkdir(join(root, 'folder/lib'), { recursive: true });
    await writeFile(join(root, 'folder/package.json'), '{"type":"module","exports":{".":{"import":"./lib/main.js"}}}');
    await writeFile(join(root, 'folder/lib/main.js'), source('from-folder'));
    for (const name of ['some-plugin', '@zooid/app-short']) {
      await mkdir(join(root, 'node_modules', name), { recursive: true });
      await writeFile(
        join(root, 'node_modules', name, 'package.json'),
        '{"type":"module","exports":{".":{"types":"./x.d.ts","import":"./x.js"}}}',
      );
      await writeFile(join(root, 'node_modules', name, 'x.js'), source(name.split('/').at(-1)!));
    }
    expect(await names('./single.mjs', './folder', 'some-plugin', 'app-short')).toEqual([
      'single',
      'from-folder',
      'some-plugin',
      'app-short',
    ]);
  });

  it('are taken from the plugins at hand first', async () => {
    const kernel = await createKernel({ plugins: ['backend-fake'], available: [fakeBackend().plugin] });
    expect(kernel.backends.names).toEqual(['fake']);
    await kernel[Symbol.asyncDispose]();
  });

  it.each([
    ['app-none', 'tried the packages app-none and @zooid/app-none'],
    ['./none.mjs', 'there is nothing at'],
    ['./no-default.mjs', 'has no default export'],
    ['./not-a-plugin.mjs', 'is not a plugin'],
    ['./throws.mjs', 'could not be imported'],
    ['./unbuilt', 'build it first'],
  ])('that cannot be used say why: %s', async (reference, reason) => {
    await writeFile(join(root, 'no-default.mjs'), 'export const x = 1;');
    await writeFile(join(root, 'not-a-plugin.mjs'), 'export default { name: "x" };');
    await writeFile(join(root, 'throws.mjs'), 'throw new Error("boom");');
    await mkdir(join(root, 'unbuilt'));
    await writeFile(join(root, 'unbuilt/package.json'), '{"exports":"./dist/index.js"}');
    const error = await rejection(createKernel({ plugins: [reference], config: { root } }));
    expect(codeOf(error)).toBe('PLUGIN_FAILED');
    expect((error as Error).message).toContain(reason);
  });
});
