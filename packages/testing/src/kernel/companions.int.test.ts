import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, type Kernel } from '@zooid/kernel';
import type { Model, ModelArtifacts } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection } from '../contracts/plugin-contract.js';
import { type FakeBackend, type FakeBackendOptions, fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { type MemoryStore, memoryStore } from '../fakes/memory-store.js';

let folder: string;
let kernel: Kernel;
let store: MemoryStore;
let backend: FakeBackend;

const artifacts = (overrides: Partial<ModelArtifacts> = {}) => fakeArtifacts({ id: 'teacher', folder, ...overrides });
const write = (path: string, content: string) => writeFile(join(folder, path), content);

async function start(options: FakeBackendOptions = {}, own: Partial<ModelArtifacts> = {}): Promise<Model> {
  store = memoryStore([artifacts(own)]);
  backend = fakeBackend({ memoryBytes: ({ id }) => (id === 'teacher' ? 100 : 7), outputs: {}, ...options });
  kernel = await createKernel({ plugins: [store.plugin, backend.plugin] });
  return kernel.models.get('teacher');
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-companions-'));
  await mkdir(join(folder, 'fast'));
  await write('fast/config.json', '{"small":true}');
});
afterEach(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('a companion of a model', () => {
  it('is the network in the subfolder of its name, verified with the whole folder', async () => {
    const own = { revision: 'r7', readOnly: true, unlisted: ['extra.onnx', 'fast/onnx/other.onnx', 'faster/x.onnx'] };
    const teacher = await start({}, own);
    expect((await teacher.companion!('fast'))!.artifacts).toEqual({
      id: 'teacher/fast',
      folder: join(folder, 'fast'),
      revision: 'r7',
      readOnly: true,
      config: { small: true },
      unlisted: ['onnx/other.onnx'],
    });
  });

  it('is loaded when it is asked for, once, and counts in the memory of its model', async () => {
    const teacher = await start();
    expect([backend.attempts, kernel.models.loaded()[0]!.bytes]).toEqual([1, 100]);
    await Promise.all([teacher.companion!('fast'), teacher.companion!('fast')]);
    expect([backend.attempts, kernel.models.loaded()[0]!.bytes]).toEqual([2, 107]);
  });

  it('lives as long as its model, and calls on it keep both', async () => {
    const running = gate();
    const teacher = await start({
      outputs: async () => {
        await running.opened;
        return {};
      },
    });
    const companion = (await teacher.companion!('fast'))!;
    const answer = companion.forward({});
    await expect.poll(() => backend.models[1]!.calls.length).toBe(1);
    const unloaded = kernel.models.unload('teacher');
    await new Promise((resolve) => setImmediate(resolve));
    expect(backend.models.map(({ disposals }) => disposals)).toEqual([0, 0]);
    running.open();
    await Promise.all([answer, unloaded]);
    expect(backend.models.map(({ disposals }) => disposals)).toEqual([1, 1]);
    for (const late of [companion.forward({}), teacher.companion!('fast')]) {
      expect(await rejection(late)).toMatchObject({ code: 'MODEL_UNLOADED' });
    }
  });

  it('does not end when a caller has done with it', async () => {
    const teacher = await start();
    const companion = (await teacher.companion!('fast'))!;
    await companion[Symbol.asyncDispose]();
    expect(await companion.forward({})).toEqual({});
  });

  it('is replaced together with its model', async () => {
    const teacher = await start();
    await teacher.companion!('fast');
    await write('fast/config.json', '{"small":"er"}');
    store.put(artifacts({ revision: 'r2' }));
    const next = await kernel.models.reload('teacher');
    expect((await next.companion!('fast'))!.artifacts).toMatchObject({ revision: 'r2', config: { small: 'er' } });
    await expect.poll(() => backend.models[1]!.disposals).toBe(1);
  });

  it('is nothing where there is no such folder', async () => {
    const teacher = await start();
    expect(await teacher.companion!('slow')).toBeUndefined();
    expect(backend.attempts).toBe(1);
  });

  it('that cannot be loaded is told with its name, and tried again', async () => {
    let fails = true;
    const teacher = await start({
      beforeLoad: ({ id }) => {
        if (id === 'teacher/fast' && fails) throw new Error('out of luck');
      },
    });
    await expect(teacher.companion!('fast')).rejects.toThrow('out of luck');
    fails = false;
    expect(await teacher.companion!('fast')).toBeDefined();
  });

  it.each([
    ['a form that the backend does not know', {}, "backend 'fake' cannot serve 'teacher/fast': no graph"],
    ['a config that is cut', { config: '{"small":' }, 'config.json is not valid JSON'],
    ['a config that is no object', { config: '[]' }, 'config.json must hold a JSON object'],
  ])('is refused with %s', async (_, { config }: { readonly config?: string }, message) => {
    if (config !== undefined) await write('fast/config.json', config);
    const isSupported = config !== undefined;
    const teacher = await start({ supports: ({ id }) => isSupported || id === 'teacher', misfit: () => 'no graph' });
    await expect(teacher.companion!('fast')).rejects.toThrow(message);
  });

  it.each(['../other', '', 'a/b', '.', 'C:'])('cannot be named %j', async (name) => {
    const teacher = await start();
    await expect(teacher.companion!(name)).rejects.toThrow('cannot name a subfolder of a model');
  });
});
