import { createKernel, type Kernel, type KernelEvent } from '@zooid/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { type FakeBackend, type FakeBackendOptions, fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { type MemoryStore, memoryStore } from '../fakes/memory-store.js';

describe('shared models', () => {
  let store: MemoryStore;
  let backend: FakeBackend;
  let kernel: Kernel;
  let events: KernelEvent[];

  const start = async (options: FakeBackendOptions = {}) => {
    store = memoryStore([fakeArtifacts({ id: 'm', revision: 'r1' })]);
    backend = fakeBackend(options);
    events = [];
    kernel = await createKernel({
      plugins: [store.plugin, backend.plugin],
      onEvent: (event) => events.push(event),
    });
  };
  const types = () => events.map(({ type }) => type).filter((type) => type !== 'plugin-loaded');

  beforeEach(() => start());
  afterEach(() => kernel[Symbol.asyncDispose]());

  it('are loaded once however many ask at the same time', async () => {
    const models = await Promise.all(Array.from({ length: 20 }, () => kernel.models.get('m')));
    expect(new Set(models).size).toBe(1);
    expect(backend.attempts).toBe(1);
    expect(store.lookups).toHaveLength(1);
  });

  it('are shared between the id and the folder that mean the same', async () => {
    expect(await kernel.models.get('/fake/m')).toBe(await kernel.models.get('m'));
    expect(backend.attempts).toBe(1);
  });

  it('are loaded anew after a failure', async () => {
    let fails = true;
    await start({
      beforeLoad() {
        if (fails) throw new Error('disk on fire');
      },
    });
    const error = await rejection(kernel.models.get('m'));
    expect(codeOf(error)).toBe('MODEL_FAILED');
    expect((error as Error).message).toContain('disk on fire');
    fails = false;
    await expect(kernel.models.get('m')).resolves.toBeDefined();
    expect(types()).toEqual(['model-load-failed', 'model-loaded']);
  });

  it('that nobody knows say where was searched', async () => {
    const error = await rejection(kernel.models.get('nobody/knows'));
    expect(codeOf(error)).toBe('MODEL_NOT_FOUND');
    expect((error as Error).message).toContain('searched: memory');
    store.put(fakeArtifacts({ id: 'intent-zh' }));
    const misspelt = await rejection(kernel.models.get('intent-hz'));
    expect((misspelt as Error).message).toContain("'intent-hz' was not found; did you mean 'intent-zh'?");
  });

  it('that no backend supports say which were asked', async () => {
    await start({ supports: () => false });
    expect(((await rejection(kernel.models.get('m'))) as Error).message).toContain('(asked: fake)');
  });

  it('come from the first store that knows them', async () => {
    const first = memoryStore([fakeArtifacts({ id: 'm', revision: 'first' })], 'first');
    const second = memoryStore([fakeArtifacts({ id: 'm' }), fakeArtifacts({ id: 'only' })], 'second');
    const both = await createKernel({ plugins: [first.plugin, second.plugin, fakeBackend().plugin] });
    expect((await both.models.resolve('m')).revision).toBe('first');
    const listed = [];
    for await (const { id, store: from } of both.models.list()) listed.push([id, from]);
    expect(listed).toEqual([
      ['m', 'first'],
      ['only', 'second'],
    ]);
    await both[Symbol.asyncDispose]();
  });

  it('let one caller give up without disturbing the others', async () => {
    const door = gate();
    await start({ beforeLoad: () => door.opened });
    const impatient = new AbortController();
    const given = kernel.models.get('m', { signal: impatient.signal });
    const patient = kernel.models.get('m');
    impatient.abort();
    expect(codeOf(await rejection(given))).toBe('ABORTED');
    door.open();
    await expect(patient).resolves.toBeDefined();
  });

  it('finish the calls in flight before unloading', async () => {
    const door = gate();
    await start({ outputs: () => door.opened.then(() => ({})) });
    const model = await kernel.models.get('m');
    const running = model.forward({});
    const unloading = kernel.models.unload('m');
    await Promise.resolve();
    expect(backend.models[0]!.disposals).toBe(0);
    door.open();
    await running;
    await unloading;
    expect(backend.models[0]!.disposals).toBe(1);
    expect(codeOf(await rejection(model.forward({})))).toBe('MODEL_UNLOADED');
    await kernel.models.get('m');
    expect(backend.models).toHaveLength(2);
  });

  it('ignore the unloading of what is not there', async () => {
    await expect(kernel.models.unload('nothing')).resolves.toBeUndefined();
  });

  it('are not ended by a caller who disposes of the shared handle', async () => {
    const model = await kernel.models.get('m');
    await model[Symbol.asyncDispose]();
    await expect(model.forward({})).resolves.toEqual({});
  });

  it('swap to new content while calls in flight finish on the old', async () => {
    const door = gate();
    await start({ outputs: () => door.opened.then(() => ({})) });
    const old = await kernel.models.get('m');
    const running = old.forward({});
    store.put(fakeArtifacts({ id: 'm', revision: 'r2' }));
    const fresh = await kernel.models.reload('m');
    expect(fresh.artifacts.revision).toBe('r2');
    expect(await kernel.models.get('m')).toBe(fresh);
    expect(backend.models[0]!.disposals).toBe(0);
    door.open();
    await running;
    await expect.poll(() => backend.models[0]!.disposals).toBe(1);
    expect(types()).toEqual(['model-loaded', 'model-loaded', 'model-replaced', 'model-released']);
  });

  it('stay as they are when the new content is corrupt', async () => {
    await start({
      beforeLoad({ revision }) {
        if (revision === 'bad') throw new Error('checksum');
      },
    });
    const old = await kernel.models.get('m');
    store.put(fakeArtifacts({ id: 'm', revision: 'bad' }));
    expect(((await rejection(kernel.models.reload('m'))) as Error).message).toContain('checksum');
    expect(await kernel.models.get('m')).toBe(old);
    await expect(old.forward({})).resolves.toEqual({});
  });

  it('are not loaded again when nothing has changed', async () => {
    const old = await kernel.models.get('m');
    expect(await kernel.models.reload('m')).toBe(old);
    expect(backend.attempts).toBe(1);
  });

  it('take reloads in turn, so the newest content wins', async () => {
    await kernel.models.get('m');
    const reloads = ['r2', 'r3', 'r4'].map((revision) => {
      store.put(fakeArtifacts({ id: 'm', revision }));
      return kernel.models.reload('m');
    });
    await Promise.all(reloads);
    expect((await kernel.models.get('m')).artifacts.revision).toBe('r4');
    await expect.poll(() => backend.models.filter(({ disposals }) => disposals === 0)).toHaveLength(1);
  });

  it('are drained and released with the kernel, a load under way included', async () => {
    const door = gate();
    await start({ beforeLoad: () => door.opened });
    const loading = rejection(kernel.models.get('m'));
    await expect.poll(() => backend.attempts).toBe(1);
    const closing = kernel[Symbol.asyncDispose]();
    door.open();
    await closing;
    expect(codeOf(await loading)).toBe('CLOSED');
    expect(backend.models.map(({ disposals }) => disposals)).toEqual([1]);
    expect(codeOf(await rejection(kernel.models.get('m')))).toBe('CLOSED');
  });

  it('report what is in memory', async () => {
    expect(kernel.models.loaded()).toEqual([]);
    await kernel.models.get('m');
    expect(kernel.models.loaded()).toEqual([{ id: 'm', revision: 'r1', uses: 0, bytes: 0 }]);
  });
});
