import type { ValidationError } from '@zooid/common';
import { createKernel, type Kernel, type KernelConfig, type KernelEvent, versionOf } from '@zooid/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { type FakeAppOptions, fakeApp } from '../fakes/fake-app.js';
import { type FakeBackend, type FakeBackendOptions, fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { type MemoryStore, memoryStore } from '../fakes/memory-store.js';

let store: MemoryStore;
let backend: FakeBackend;
let app: ReturnType<typeof fakeApp>;
let kernel: Kernel;
let events: KernelEvent[];

const put = (id: string, revision: string) => store.put(fakeArtifacts({ id, revision, manifest: { app: 'echo' } }));

async function start(config: KernelConfig = {}, options: FakeAppOptions & FakeBackendOptions = {}) {
  await kernel?.[Symbol.asyncDispose]();
  store = memoryStore();
  for (const id of ['a', 'b', 'c']) put(id, `${id}1`);
  const { name: _, ...others } = options;
  backend = fakeBackend({ memoryBytes: () => 100, ...others });
  app = fakeApp(others);
  events = [];
  const plugins = [app.plugin, store.plugin, backend.plugin];
  kernel = await createKernel({ plugins, config, onEvent: (event) => events.push(event) });
}

const revisionOf = async (address: string) => (await kernel.endpoints.run(address, 'x')).model.revision;
const types = (...wanted: KernelEvent['type'][]) => events.filter(({ type }) => wanted.includes(type));
const loaded = () => kernel.models.loaded().map(({ id }) => id);

beforeEach(() => start());
afterEach(() => kernel[Symbol.asyncDispose]());

describe('versions of an endpoint', () => {
  beforeEach(async () => {
    await kernel.endpoints.open('intent', 'a', { version: '1' });
    await kernel.endpoints.open('intent', 'b', { version: '2', default: true });
  });

  it('answer side by side, the default one at the bare name', async () => {
    expect(await Promise.all(['intent', 'intent@1', 'intent@2'].map(revisionOf))).toEqual(['b1', 'a1', 'b1']);
    expect(kernel.endpoints.versions('intent@1').map(versionOf)).toEqual(['2', '1']);
    expect(kernel.endpoints.list().map(({ address }) => address)).toEqual(['intent@1', 'intent@2']);
  });

  it('are the first one by default', async () => {
    await kernel.endpoints.open('chat', 'c', { version: 'x' });
    await kernel.endpoints.open('chat', 'a', { version: 'y' });
    expect(await revisionOf('chat')).toBe('c1');
  });

  it('that are unknown are answered with the known ones', async () => {
    const error = await rejection(kernel.endpoints.run('intent@3', 'x'));
    expect((error as Error).message).toBe("unknown version '3'; did you mean '1'? (known: 1, 2)");
    const nobody = await rejection(kernel.endpoints.run('intnt@2', 'x'));
    expect((nobody as Error).message).toContain("unknown endpoint 'intnt@2'; did you mean 'intent@2'?");
  });

  it('are the revision of the model where none was given', async () => {
    await kernel.endpoints.open('plain', 'c');
    expect(await revisionOf('plain@c1')).toBe('c1');
    put('c', 'c2');
    await kernel.endpoints.reload('plain');
    expect(codeOf(await rejection(kernel.endpoints.run('plain@c1', 'x')))).toBe('NAME_UNKNOWN');
    expect(kernel.endpoints.versions('plain').map(versionOf)).toEqual(['c2']);
  });

  it('must differ, and not stand beside one that has none', async () => {
    expect(codeOf(await rejection(kernel.endpoints.open('intent', 'c', { version: '2' })))).toBe('NAME_TAKEN');
    expect(codeOf(await rejection(kernel.endpoints.open('intent', 'c')))).toBe('VALIDATION_FAILED');
    expect(codeOf(await rejection(kernel.endpoints.open('x', 'c', { version: 'a@b' })))).toBe('VALIDATION_FAILED');
    const both = [1, 2].map(() => kernel.endpoints.open('late', 'c', { version: '1' }));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const mixed = [kernel.endpoints.open('mixed', 'c', { version: '1' }), kernel.endpoints.open('mixed', 'c')];
    expect((await Promise.allSettled(mixed)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('leave the name to another when the default one is closed', async () => {
    await kernel.endpoints.close('intent@2');
    expect(await revisionOf('intent')).toBe('a1');
    await kernel.endpoints.close('intent');
    expect(codeOf(await rejection(kernel.endpoints.run('intent', 'x')))).toBe('NAME_UNKNOWN');
  });
});

describe('aliases', () => {
  beforeEach(async () => {
    await kernel.endpoints.open('intent', 'a', { version: '1' });
    await kernel.endpoints.open('intent', 'b', { version: '2' });
  });

  it('lead to an endpoint, a version or another alias, and are switched while they are used', async () => {
    kernel.endpoints.setAliases({ assistant: 'intent@2', helper: 'assistant', any: 'intent' });
    expect(await Promise.all(['assistant', 'helper', 'any', 'any@2'].map(revisionOf))).toEqual([
      'b1',
      'b1',
      'a1',
      'b1',
    ]);
    kernel.endpoints.setAliases({ assistant: 'intent@1' });
    expect(await revisionOf('assistant')).toBe('a1');
    expect(kernel.endpoints.aliases).toEqual({ assistant: 'intent@1' });
    expect(codeOf(await rejection(kernel.endpoints.run('helper', 'x')))).toBe('NAME_UNKNOWN');
    expect(codeOf(await rejection(kernel.endpoints.run('assistant@2', 'x')))).toBe('NAME_UNKNOWN');
  });

  it('to nothing, in circles, or of taken names are refused, and the old ones stay', async () => {
    kernel.endpoints.setAliases({ assistant: 'intent@2' });
    const refused = (aliases: Record<string, string>) => {
      try {
        kernel.endpoints.setAliases(aliases);
      } catch (error) {
        return (error as ValidationError).issues.map(({ path, message }) => `${path} ${message}`).join('; ');
      }
      return expect.fail('should have been refused');
    };
    expect(refused({ x: 'intent@22' })).toContain(
      "/x leads to 'intent@22', which is not served; did you mean 'intent@2'?",
    );
    expect(refused({ x: 'y', y: 'x' })).toContain('/x leads back to itself: x → y → x');
    expect(refused({ intent: 'intent@1' })).toContain('/intent is the name of an endpoint');
    expect(refused({ __proto__: 'intent', 'a b': 'intent' })).toContain('/a b must be up to 64');
    expect(await revisionOf('assistant')).toBe('b1');
    expect(codeOf(await rejection(kernel.endpoints.open('assistant', 'c')))).toBe('NAME_TAKEN');
  });
});

describe('loading and unloading', () => {
  it('answers 503 between the two, and loses nothing that has begun', async () => {
    const door = gate();
    await start({}, { beforeRun: () => door.opened });
    await kernel.endpoints.open('chat', 'a');
    const running = kernel.endpoints.run('chat', 'x');
    const unloading = kernel.endpoints.unload('chat');
    expect(codeOf(await rejection(kernel.endpoints.run('chat', 'x')))).toBe('ENDPOINT_UNLOADED');
    door.open();
    expect((await running).model.revision).toBe('a1');
    await unloading;
    expect([kernel.endpoints.get('chat').state, loaded()]).toEqual(['unloaded', []]);
    expect(kernel.endpoints.get('chat').model).toEqual({ id: 'a', revision: 'a1' });
    put('a', 'a2');
    expect(await kernel.endpoints.load('chat')).toEqual([
      { endpoint: 'chat', model: 'a', outcome: 'loaded', to: 'a2' },
    ]);
    expect(await revisionOf('chat')).toBe('a2');
    expect(types('endpoint-unloaded')).toEqual([{ type: 'endpoint-unloaded', endpoint: 'chat' }]);
  });

  it('means every version of a bare name', async () => {
    await kernel.endpoints.open('intent', 'a', { version: '1' });
    await kernel.endpoints.open('intent', 'b', { version: '2' });
    await kernel.endpoints.unload('intent');
    expect(loaded()).toEqual([]);
    await kernel.endpoints.load('intent@2');
    expect(kernel.endpoints.list().map(({ state }) => state)).toEqual(['unloaded', 'loaded']);
  });

  it('keeps a model that another endpoint uses', async () => {
    await kernel.endpoints.open('one', 'a');
    await kernel.endpoints.open('two', 'a');
    await kernel.endpoints.unload('one');
    expect([await revisionOf('two'), backend.models[0]?.disposals]).toEqual(['a1', 0]);
  });

  it('reloads all, and says of each what became of it', async () => {
    await start(
      {},
      {
        beforeLoad: ({ revision }) => {
          if (revision === 'bad') throw new Error('corrupt');
        },
      },
    );
    await kernel.endpoints.open('same', 'a');
    await kernel.endpoints.open('newer', 'b');
    await kernel.endpoints.open('broken', 'c');
    put('d', 'd1');
    put('e', 'e1');
    await kernel.endpoints.open('lazy', 'd', { lazy: true });
    await kernel.endpoints.open('off', 'e');
    await kernel.endpoints.unload('off');
    put('b', 'b2');
    put('c', 'bad');
    put('d', 'd2');
    const reports = await kernel.endpoints.reloadAll();
    expect(reports).toEqual([
      { endpoint: 'same', model: 'a', outcome: 'unchanged', from: 'a1', to: 'a1' },
      { endpoint: 'newer', model: 'b', outcome: 'replaced', from: 'b1', to: 'b2' },
      { endpoint: 'broken', model: 'c', outcome: 'failed', from: 'c1', error: expect.any(Error) },
      { endpoint: 'lazy', model: 'd', outcome: 'verified', to: 'd2' },
      { endpoint: 'off', model: 'e', outcome: 'unloaded', to: 'e1' },
    ]);
    expect(await revisionOf('broken')).toBe('c1');
  });

  it('loses no request while load, reload and unload run beside hundreds of them', async () => {
    await start({}, { beforeRun: () => new Promise((resolve) => setImmediate(resolve)) });
    await kernel.endpoints.open('lazy', 'a', { lazy: true });
    await kernel.endpoints.open('pinned', 'b');
    let stop = false;
    const manage = async () => {
      for (let i = 2; !stop; i++) {
        put('a', `a${i}`);
        put('b', `b${i}`);
        await Promise.all([kernel.endpoints.reloadAll(), kernel.endpoints.unload('lazy')]);
        await kernel.endpoints.load('lazy');
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const managing = manage();
    const ask = async (address: string) => {
      for (let i = 0; i < 25; i++) await kernel.endpoints.run(address, 'x');
    };
    const asked = Promise.all(Array.from({ length: 40 }, (_, i) => ask(i % 2 === 0 ? 'lazy' : 'pinned')));
    await asked.finally(() => {
      stop = true;
    });
    await managing;
    expect(types('model-replaced').length).toBeGreaterThan(2);
    await kernel.endpoints.close('lazy');
    await kernel.endpoints.close('pinned');
    await expect.poll(() => app.openInstances).toBe(0);
  });

  it('is not overtaken by a reload: an endpoint that opens meanwhile serves the newest content', async () => {
    const door = gate();
    let opens = 0;
    await start({}, { beforeOpen: () => (++opens === 2 ? door.opened : undefined) });
    await kernel.endpoints.open('one', 'a');
    put('a', 'a2');
    const reloading = kernel.endpoints.reload('one');
    await expect.poll(() => opens).toBe(2);
    await kernel.endpoints.open('two', 'a'); // takes hold of the old while the first prepares for the new
    door.open();
    await reloading;
    expect(await Promise.all(['one', 'two'].map(revisionOf))).toEqual(['a2', 'a2']);
    await expect.poll(() => backend.models[0]?.disposals).toBe(1);
  });
});

describe('lazy endpoints', () => {
  it('are checked when opened and loaded once by the first of many requests', async () => {
    const door = gate();
    await start({}, { beforeLoad: () => door.opened });
    const endpoint = await kernel.endpoints.open('chat', 'a', { lazy: true });
    expect([endpoint.state, endpoint.model.revision, backend.attempts]).toEqual(['unloaded', 'a1', 0]);
    const answers = Array.from({ length: 200 }, () => kernel.endpoints.run('chat', 'x'));
    await expect.poll(() => backend.attempts).toBe(1);
    expect(endpoint.state).toBe('loading');
    door.open();
    expect(await Promise.all(answers)).toHaveLength(200);
    expect([endpoint.state, backend.attempts]).toEqual(['loaded', 1]);
  });

  it('that cannot be found or loaded by any backend are refused when opened', async () => {
    await start({}, { supports: ({ id }) => id !== 'b', misfit: () => 'onnx/model.onnx is missing' });
    expect(codeOf(await rejection(kernel.endpoints.open('x', 'nobody', { lazy: true })))).toBe('MODEL_NOT_FOUND');
    const error = await rejection(kernel.endpoints.open('x', 'b', { lazy: true }));
    expect((error as Error).message).toMatch(/no backend can serve model 'b' .*; onnx\/model\.onnx is missing$/);
  });

  it('try again after a load that failed', async () => {
    let fails = true;
    await start(
      {},
      {
        beforeLoad: () => {
          if (fails) throw new Error('disk on fire');
        },
      },
    );
    await kernel.endpoints.open('chat', 'a', { lazy: true });
    expect(((await rejection(kernel.endpoints.run('chat', 'x'))) as Error).message).toContain('disk on fire');
    fails = false;
    expect(await revisionOf('chat')).toBe('a1');
  });

  it('let one caller give up waiting without disturbing the others', async () => {
    const door = gate();
    await start({}, { beforeLoad: () => door.opened });
    await kernel.endpoints.open('chat', 'a', { lazy: true });
    const impatient = new AbortController();
    const given = kernel.endpoints.run('chat', 'x', {}, { signal: impatient.signal });
    const patient = kernel.endpoints.run('chat', 'x');
    impatient.abort();
    expect(codeOf(await rejection(given))).toBe('ABORTED');
    door.open();
    expect((await patient).model.revision).toBe('a1');
  });

  it('that are loading are waited for and released at shutdown', async () => {
    const door = gate();
    await start({}, { beforeLoad: () => door.opened });
    await kernel.endpoints.open('chat', 'a', { lazy: true });
    const waiting = rejection(kernel.endpoints.run('chat', 'x'));
    await expect.poll(() => backend.attempts).toBe(1);
    const closing = kernel[Symbol.asyncDispose]();
    door.open();
    await closing;
    expect(codeOf(await waiting)).toBe('CLOSED');
    expect([backend.models[0]?.disposals, app.openInstances]).toEqual([1, 0]);
  });
});

describe('a memory budget', () => {
  const open = async (...names: readonly string[]) => {
    for (const name of names) await kernel.endpoints.open(name, name);
  };

  it('makes endpoints lazy, and unloads the one that was not used for longest', async () => {
    await start({ memoryBudget: 250 });
    await open('a', 'b', 'c');
    expect(loaded()).toEqual([]);
    for (const name of ['a', 'b', 'a', 'c']) await kernel.endpoints.run(name, 'x');
    expect(loaded()).toEqual(['a', 'c']);
    expect(types('model-evicted')).toEqual([
      { type: 'model-evicted', model: 'b', bytes: 100, idleMs: expect.any(Number), for: 'c' },
    ]);
    expect(backend.models.filter(({ disposals }) => disposals === 0)).toHaveLength(2);
    expect(await revisionOf('b')).toBe('b1');
  });

  it('never unloads what is pinned or in use, and says with sizes why it cannot load', async () => {
    const door = gate();
    await start({ memoryBudget: 250 }, { beforeRun: ([item]) => (item?.text === 'slow' ? door.opened : undefined) });
    await kernel.endpoints.open('a', 'a', { lazy: false });
    await open('b', 'c');
    const slow = kernel.endpoints.run('b', 'slow');
    await expect.poll(loaded).toEqual(['a', 'b']);
    const error = await rejection(kernel.endpoints.run('c', 'x'));
    expect(codeOf(error)).toBe('MEMORY_BUDGET');
    expect((error as Error).message).toBe(
      "model 'c' needs 100 B of memory, but of the budget of 250 B 200 B are in use and only 0 B of them by models that " +
        'are idle; try again shortly, or raise memoryBudget',
    );
    expect(types('memory-exhausted')).toMatchObject([
      { model: 'c', needed: 100, used: 200, budget: 250, evictable: 0 },
    ]);
    door.open();
    await slow;
    expect(await revisionOf('c')).toBe('c1');
    expect(loaded()).toEqual(['a', 'c']);
  });

  it('refuses a model that is larger than all of it, at once when it is pinned', async () => {
    await start({ memoryBudget: 99 });
    const error = await rejection(kernel.endpoints.open('a', 'a', { lazy: false }));
    expect((error as Error).message).toContain("model 'a' needs 100 B of memory, more than the whole budget of 99 B");
    expect([loaded(), app.openInstances, backend.models[0]?.disposals]).toEqual([[], 0, 1]);
  });

  it('holds when many ask for everything at once: all are answered, or told to come back', async () => {
    let inMemory = 0;
    let most = 0;
    await start(
      { memoryBudget: 200 },
      {
        beforeLoad: async () => {
          most = Math.max(most, ++inMemory);
          await new Promise((resolve) => setImmediate(resolve));
        },
        afterDispose: () => inMemory--,
      },
    );
    await open('a', 'b', 'c');
    // Their folders tell nothing of their sizes: only from the second load on they are known before.
    for (const name of ['a', 'b', 'c']) await kernel.endpoints.run(name, 'x');
    most = 0;
    const outcomes = new Map<string, number>();
    const ask = async (i: number) => {
      for (let n = 0; n < 20; n++) {
        const outcome = await kernel.endpoints.run('abc'.charAt((i * 7 + n) % 3), 'x').then(
          () => 'answered',
          (error: unknown) => codeOf(error) ?? 'no error of ours',
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (outcome !== 'answered') await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all(Array.from({ length: 15 }, (_, i) => ask(i)));
    expect([...outcomes.keys()].filter((outcome) => outcome !== 'answered' && outcome !== 'MEMORY_BUDGET')).toEqual([]);
    expect(outcomes.get('answered')).toBeGreaterThan(100);
    expect(types('model-evicted').length).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('lets a reload have both in memory for its moment', async () => {
    await start({ memoryBudget: 100 });
    await open('a');
    await kernel.endpoints.load('a');
    put('a', 'a2');
    await kernel.endpoints.reload('a');
    expect([await revisionOf('a'), types('model-evicted')]).toEqual(['a2', []]);
  });

  it('does not unload an endpoint whose app was given state that its folder does not hold', async () => {
    await start({ memoryBudget: 100 });
    await open('a', 'b');
    await kernel.endpoints.load('a');
    kernel.endpoints.get('a').keepLoaded();
    expect(codeOf(await rejection(kernel.endpoints.run('b', 'x')))).toBe('MEMORY_BUDGET');
    await kernel.endpoints.unload('a');
    expect(await revisionOf('b')).toBe('b1');
  });
});
