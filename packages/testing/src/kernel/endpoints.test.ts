import { ValidationError } from '@zooid/common';
import { createKernel, type Kernel, type KernelConfig, type KernelEvent, pipeline } from '@zooid/kernel';
import type { App, LimitError } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { type FakeAppOptions, fakeApp } from '../fakes/fake-app.js';
import { type FakeBackend, fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { type MemoryStore, memoryStore } from '../fakes/memory-store.js';

describe('endpoints', () => {
  let store: MemoryStore;
  let backend: FakeBackend;
  let app: ReturnType<typeof fakeApp>;
  let kernel: Kernel;
  let events: KernelEvent[];

  const start = async (options: FakeAppOptions = {}, config: KernelConfig = {}) => {
    store = memoryStore([fakeArtifacts({ id: 'm', revision: 'r1', manifest: { app: 'echo' } })]);
    backend = fakeBackend();
    app = fakeApp(options);
    events = [];
    kernel = await createKernel({
      plugins: [app.plugin, store.plugin, backend.plugin],
      config,
      onEvent: (event) => events.push(event),
    });
  };
  const put = (revision: string) => store.put(fakeArtifacts({ id: 'm', revision, manifest: { app: 'echo' } }));
  const issuesOf = (error: unknown) => (error as ValidationError).issues;

  beforeEach(() => start());
  afterEach(() => kernel[Symbol.asyncDispose]());

  it('answer with the app that the model names', async () => {
    await kernel.endpoints.open('chat', 'm');
    expect(await kernel.endpoints.run('chat', ['a', { text: 'b' }], { times: 2 })).toEqual({
      outputs: [
        { text: 'aa', revision: 'r1' },
        { text: 'bb', revision: 'r1' },
      ],
      model: { id: 'm', revision: 'r1' },
    });
  });

  it('need an app name when the model has none', async () => {
    store.put(fakeArtifacts({ id: 'bare' }));
    expect(((await rejection(kernel.endpoints.open('x', 'bare'))) as Error).message).toContain('name one of: echo');
    await expect(kernel.endpoints.open('x', 'bare', { app: 'echo' })).resolves.toBeDefined();
  });

  it('take the app of the task that a Hub folder was made for', async () => {
    const classify = fakeApp({ name: 'text-classification' });
    const other = await createKernel({ plugins: [classify.plugin, store.plugin, backend.plugin] });
    const put = (id: string, config: Record<string, unknown>) => store.put(fakeArtifacts({ id, config }));
    put('hub', { architectures: ['RobertaForSequenceClassification'] });
    put('masked', { architectures: ['BertForMaskedLM'] });
    put('odd', { architectures: 'BertModel' });
    expect((await other.endpoints.open('a', 'hub')).app.name).toBe('text-classification');
    expect(((await rejection(other.endpoints.open('b', 'masked'))) as Error).message).toContain('says fill-mask');
    expect(((await rejection(other.endpoints.open('c', 'odd'))) as Error).message).toContain('no architecture');
    await other[Symbol.asyncDispose]();
  });

  it('name the nearest app or endpoint when one is unknown', async () => {
    await kernel.endpoints.open('chat', 'm');
    expect(((await rejection(kernel.endpoints.open('y', 'm', { app: 'ecko' }))) as Error).message).toBe(
      "unknown app 'ecko'; did you mean 'echo'? (known: echo)",
    );
    const error = await rejection(kernel.endpoints.run('caht', 'x'));
    expect(codeOf(error)).toBe('NAME_UNKNOWN');
    expect((error as Error).message).toContain("did you mean 'chat'?");
  });

  it.each(['', 'a/b', 'ä', '.hidden', 'x'.repeat(65), 'two words'])('refuse the name %j', async (name) => {
    expect(codeOf(await rejection(kernel.endpoints.open(name, 'm')))).toBe('VALIDATION_FAILED');
  });

  it('refuse a name in use, also while the first is still opening', async () => {
    const both = await Promise.allSettled([kernel.endpoints.open('chat', 'm'), kernel.endpoints.open('chat', 'm')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(codeOf((both[1] as PromiseRejectedResult).reason)).toBe('NAME_TAKEN');
  });

  it('free the name and the model when opening fails', async () => {
    let fails = true;
    await start({
      beforeOpen() {
        if (fails) throw new Error('not my model');
      },
    });
    await rejection(kernel.endpoints.open('chat', 'm'));
    expect(kernel.models.loaded()).toMatchObject([{ uses: 0 }]);
    fails = false;
    await expect(kernel.endpoints.open('chat', 'm')).resolves.toBeDefined();
  });

  describe('check requests', () => {
    beforeEach(async () => void (await kernel.endpoints.open('chat', 'm')));
    const refusal = (inputs: unknown, parameters?: unknown) =>
      rejection(kernel.endpoints.run('chat', inputs, parameters));

    it('and list everything that is wrong, with pointers', async () => {
      const error = await refusal(['fine', '', { txt: 'x' }, { text: 5 }, null], { times: 0, time: 1 });
      expect(error).toBeInstanceOf(ValidationError);
      expect(issuesOf(error)).toEqual([
        { path: '/inputs/1/text', message: 'must be longer than or equal to 1 characters' },
        { path: '/inputs/2/txt', message: "is an unknown key; did you mean 'text'?" },
        { path: '/inputs/2/text', message: 'is required' },
        { path: '/inputs/3/text', message: 'must be a string, got 5' },
        { path: '/inputs/4', message: 'must be an object, got null' },
        { path: '/parameters/time', message: "is an unknown key; did you mean 'times'?" },
        { path: '/parameters/times', message: 'must not be less than 1' },
      ]);
    });

    it('and point at a single item without an index', async () => {
      expect(issuesOf(await refusal({ text: '' }))[0]!.path).toBe('/inputs/text');
    });

    it.each([
      [undefined, '/inputs'],
      [[], '/inputs'],
      [[['nested']], '/inputs/0'],
      [true, '/inputs'],
    ])('and refuse %j', async (inputs, pointer) => {
      expect(issuesOf(await refusal(inputs)).map(({ path }) => path)).toEqual([pointer]);
    });

    it('and refuse lone surrogates by place', async () => {
      expect(issuesOf(await refusal('ab\udc00'))).toEqual([
        { path: '/inputs/text', message: 'must be well-formed Unicode, but has a lone surrogate at index 2' },
      ]);
    });

    it('and refuse keys that would reach a prototype', async () => {
      const error = await refusal(JSON.parse('{"text":"x","__proto__":{"polluted":1}}'));
      expect(issuesOf(error).map(({ path }) => path)).toEqual(['/inputs/__proto__']);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('and survive input nested deeper than the stack', async () => {
      const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
      expect(codeOf(await refusal({ text: 'x', extra: deep }))).toBe('VALIDATION_FAILED');
    });

    it('and name at most a hundred issues', async () => {
      const error = await refusal(Array.from({ length: 500 }, () => ''));
      expect(issuesOf(error)).toHaveLength(101);
      expect(issuesOf(error).at(-1)!.message).toBe('and more; only the first 100 are listed');
    });
  });

  it('refuse requests above the limits with the place and the numbers', async () => {
    await start({}, { limits: { maxItems: 2, maxTextLength: 5 } });
    await kernel.endpoints.open('chat', 'm');
    const tooMany = await rejection(kernel.endpoints.run('chat', ['a', 'b', 'c']));
    expect(tooMany).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      path: '/inputs',
      limit: 2,
      actual: 3,
    } satisfies Partial<LimitError>);
    const tooLong = await rejection(kernel.endpoints.run('chat', ['a', { text: 'abcdef' }]));
    expect(tooLong).toMatchObject({ code: 'LIMIT_EXCEEDED', path: '/inputs/1/text', limit: 5, actual: 6 });
    const buried = await rejection(kernel.endpoints.run('chat', { text: 'a', more: [{ deep: 'abcdef' }] }));
    expect(buried).toMatchObject({ code: 'LIMIT_EXCEEDED', path: '/inputs/more/0/deep' });
  });

  it('move to new content together with the app instance, while runs finish on the old', async () => {
    const door = gate();
    await start({ beforeRun: () => door.opened });
    await kernel.endpoints.open('chat', 'm');
    const running = kernel.endpoints.run('chat', 'x');
    put('r2');
    const endpoint = await kernel.endpoints.reload('chat');
    expect(endpoint.model.revision).toBe('r2');
    expect(app.openInstances).toBe(2);
    door.open();
    expect((await running).model.revision).toBe('r1');
    expect((await kernel.endpoints.run('chat', 'x')).model.revision).toBe('r2');
    await expect.poll(() => app.openInstances).toBe(1);
    await expect.poll(() => backend.models[0]!.disposals).toBe(1);
  });

  it('stay on the old content when the app refuses the new', async () => {
    await start({
      beforeOpen({ artifacts }) {
        if (artifacts.revision === 'r2') throw new Error('made for something else');
      },
    });
    await kernel.endpoints.open('chat', 'm');
    put('r2');
    expect(((await rejection(kernel.endpoints.reload('chat'))) as Error).message).toBe('made for something else');
    expect((await kernel.endpoints.run('chat', 'x')).model.revision).toBe('r1');
    expect(backend.models.map(({ disposals }) => disposals)).toEqual([0, 1]);
  });

  it('move all or none when several serve one model', async () => {
    let opens = 0;
    await start({
      beforeOpen() {
        opens++;
        if (opens === 4) throw new Error('the second cannot');
      },
    });
    await kernel.endpoints.open('one', 'm');
    await kernel.endpoints.open('two', 'm');
    put('r2');
    await rejection(kernel.endpoints.reload('one'));
    const answers = await Promise.all(['one', 'two'].map((name) => kernel.endpoints.run(name, 'x')));
    expect(answers.map(({ model }) => model.revision)).toEqual(['r1', 'r1']);
    await expect.poll(() => app.openInstances).toBe(2);
    await kernel.endpoints.reload('one');
    expect(kernel.endpoints.list().map(({ model }) => model.revision)).toEqual(['r2', 'r2']);
  });

  it('keep their model from being unloaded', async () => {
    await kernel.endpoints.open('chat', 'm');
    const error = await rejection(kernel.models.unload('m'));
    expect(codeOf(error)).toBe('MODEL_IN_USE');
    expect((error as Error).message).toContain("endpoint 'chat'");
    await kernel.endpoints.close('chat');
    await kernel.models.unload('m');
    expect(backend.models[0]!.disposals).toBe(1);
  });

  it('finish their runs before closing, also at shutdown, and then let go of everything', async () => {
    const door = gate();
    await start({ beforeRun: () => door.opened });
    await kernel.endpoints.open('chat', 'm');
    const running = kernel.endpoints.run('chat', 'x');
    const closing = kernel[Symbol.asyncDispose]();
    door.open();
    await expect(running).resolves.toMatchObject({ outputs: [{ text: 'x' }] });
    await closing;
    expect(app.openInstances).toBe(0);
    expect(backend.models[0]!.disposals).toBe(1);
    expect(codeOf(await rejection(kernel.endpoints.open('late', 'm')))).toBe('CLOSED');
  });

  it('refuse an app that forgets an output', async () => {
    const forgetful = fakeApp({ name: 'forgetful' }) as App;
    const open = forgetful.open.bind(forgetful);
    const lossy: App = {
      ...forgetful,
      open: async (model, context) => {
        const instance = await open(model, context);
        return { ...instance, run: async (...run) => (await instance.run(...run)).slice(1) };
      },
    };
    const { pluginOf } = await import('../fakes/plugin-of.js');
    const { App: token } = await import('@zooid/spec');
    const other = await createKernel({ plugins: [pluginOf('app-lossy', token, lossy), store.plugin, backend.plugin] });
    await other.endpoints.open('x', 'm', { app: 'forgetful' });
    expect(((await rejection(other.endpoints.run('x', ['a', 'b']))) as Error).message).toContain(
      '1 outputs for 2 items',
    );
    await other[Symbol.asyncDispose]();
  });

  it('tell what happens', async () => {
    await kernel.endpoints.open('chat', 'm');
    await kernel.endpoints.close('chat');
    expect(events.filter(({ type }) => type.startsWith('endpoint'))).toEqual([
      { type: 'endpoint-opened', endpoint: 'chat', app: 'echo', model: 'm' },
      { type: 'endpoint-closed', endpoint: 'chat' },
    ]);
  });

  it('pass on notices of their app', async () => {
    await start({ beforeOpen: (_, context) => context.notify?.({ level: 'info', message: 'words reloaded' }) });
    await kernel.endpoints.open('chat', 'm');
    expect(events).toContainEqual({ type: 'app-notice', endpoint: 'chat', level: 'info', message: 'words reloaded' });
  });

  it('are one call away in a program of one’s own', async () => {
    const plugins = [fakeApp().plugin, store.plugin, fakeBackend().plugin];
    const echo = await pipeline('echo', 'm', { plugins });
    expect(await echo('a')).toEqual({ text: 'a', revision: 'r1' });
    expect(await echo(['a', 'b'], { times: 2 })).toMatchObject([{ text: 'aa' }, { text: 'bb' }]);
    await echo[Symbol.asyncDispose]();
  });

  it('say what to install when a plugin of the task is missing', async () => {
    const error = await rejection(pipeline('poetry', 'm', { config: { root: '/' } }));
    expect((error as Error).message).toMatch(/pipeline\('poetry', …\) needs .*npm install .*@zooid\/app-poetry/);
  });
});
