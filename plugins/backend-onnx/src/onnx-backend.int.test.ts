import { cp, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel } from '@zooid/kernel';
import { Graph, writeModel } from '@zooid/onnx';
import type { ModelArtifacts } from '@zooid/spec';
import { type HostTensor, tensor } from '@zooid/tensor';
import { describeBackendContract } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import backend from './index.js';

const floats = (dims: number[], data: number[]): HostTensor => tensor('float32', Float32Array.from(data), dims);

/** sum = a + b and product = a b, with factor multiplying both, so that variants can be told apart. */
function twoInputModel(factor: number): Uint8Array {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['batch', 2]);
  const b = graph.input('b', 'float32', ['batch', 2]);
  const scale = graph.initializer('scale', floats([1], [factor]) as HostTensor<'float32'>);
  graph.output(a.add(b).mul(scale), 'sum');
  graph.output(a.mul(b).mul(scale), 'product');
  return writeModel(graph);
}

let root: string;
const artifacts = (name: string): ModelArtifacts => ({
  id: name,
  revision: 'r1',
  folder: join(root, name),
  config: {},
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-backend-'));
  for (const name of ['good', 'fused']) await mkdir(join(root, name, 'onnx'), { recursive: true });
  await writeFile(join(root, 'good/onnx/model.onnx'), twoInputModel(1));
  await writeFile(join(root, 'fused/onnx/model.onnx'), twoInputModel(1));
  await writeFile(join(root, 'fused/onnx/model_fused.onnx'), twoInputModel(10));
  await cp(join(root, 'good'), join(root, 'exported'), { recursive: true });
  await writeFile(join(root, 'exported/onnx/model_quantized.onnx'), twoInputModel(100));
  await cp(join(root, 'good'), join(root, 'cut'), { recursive: true });
  await truncate(join(root, 'cut/onnx/model.onnx'), 40);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const a = floats([2, 2], [1, 2, 3, 4]);
const b = floats([2, 2], [5, 6, 7, 8]);

describeBackendContract(backend, {
  settings: { workers: 2 },
  artifacts: () => artifacts('good'),
  damaged: () => artifacts('cut'),
  inputs: { a, b },
  expected: { sum: floats([2, 2], [6, 8, 10, 12]), product: floats([2, 2], [5, 12, 21, 32]) },
  invalid: [
    { why: 'an unknown input', inputs: { a, b, c: a }, says: "no input 'c'" },
    { why: 'a missing input', inputs: { a }, says: "input 'b' is missing" },
    {
      why: 'another element type',
      inputs: { a, b: tensor('int64', [1, 2], [1, 2]) },
      says: 'must be float32, got int64',
    },
    { why: 'another rank', inputs: { a, b: floats([4], [1, 2, 3, 4]) }, says: 'must have shape [batch, 2], got [4]' },
    { why: 'another fixed size', inputs: { a, b: floats([2, 1], [1, 2]) }, says: 'must have shape [batch, 2]' },
    {
      why: 'batches of two sizes',
      inputs: { a, b: floats([1, 2], [1, 2]) },
      says: "'batch' is 2 in input 'a' but 1 in 'b'",
    },
    {
      why: 'data that is not as long as its shape says',
      inputs: { a, b: { ...b, dims: [3, 2] } },
      says: 'but 4 elements',
    },
  ],
});

describe('variants', () => {
  const sumWith = async (variants: string[] | undefined, of = artifacts('fused')) => {
    const kernel = await createKernel({
      plugins: [backend],
      config: { settings: { 'backend-onnx': { workers: 1, ...(variants !== undefined && { variants }) } } },
    });
    try {
      const model = await kernel.backends.get('onnx').load(of);
      const { sum } = await model.forward({ a, b });
      await model[Symbol.asyncDispose]();
      return sum!.data[0];
    } finally {
      await kernel[Symbol.asyncDispose]();
    }
  };

  it('are int8 by default where labelled data vouches for it, else the plain graph', async () => {
    const exported = artifacts('exported');
    const vouched = { ...exported, manifest: { variants: { int8: { metric: 'f1', reference: 0.92, value: 0.919 } } } };
    expect(await sumWith(undefined, vouched)).toBe(600);
    expect(await sumWith(['fp32'], vouched)).toBe(6);
    expect(await sumWith(undefined, exported)).toBe(6);
  });

  it('are taken in order of preference', async () => {
    expect(await sumWith(['fp32'])).toBe(6);
    expect(await sumWith(['fused', 'fp32'])).toBe(60);
    expect(await sumWith(['int8', 'fused'])).toBe(60);
  });

  it('that the folder lacks are named with the way to make them', async () => {
    await expect(sumWith(['int8'])).rejects.toThrow(
      /has no onnx\/model_quantized\.onnx; write one with: zooid export fused/,
    );
  });
});

describe('workers', () => {
  const load = async (settings: object) => {
    const kernel = await createKernel({
      plugins: [backend],
      environment: { ZOOID_CACHE: join(root, 'cache') },
      config: { settings: { 'backend-onnx': settings } },
    });
    const model = await kernel.backends.get('onnx').load(artifacts('good'));
    return {
      model,
      async [Symbol.asyncDispose]() {
        await model[Symbol.asyncDispose]();
        await kernel[Symbol.asyncDispose]();
      },
    };
  };
  const sum = floats([2, 2], [6, 8, 10, 12]);

  it('tell how many they are and about how much they keep', async () => {
    await using loaded = await load({ workers: 2 });
    expect(loaded.model.concurrency).toBe(2);
    expect(loaded.model.memoryBytes).toBeGreaterThan(1e6);
    await loaded.model.forward({ a, b });
    expect(loaded.model.stats?.()).toMatchObject({ completed: 1, failed: 0, waiting: 0, lost: 0 });
    expect(loaded.model.stats?.().workers).toHaveLength(2);
    await using single = await load({ mode: 'latency' });
    expect(single.model.concurrency).toBe(1);
    expect(single.model.memoryBytes).toBeLessThan(loaded.model.memoryBytes!);
  });

  it('are processes for a model that is not trusted', async () => {
    await using loaded = await load({ workers: 1, isolate: ['good'] });
    expect((await loaded.model.forward({ a, b })).sum).toEqual(sum);
    await expect(loaded.model.forward({ a })).rejects.toThrow(/'b' is missing/);
  });

  it('share weights from the folder of the host', async () => {
    await using loaded = await load({ workers: 2, sharedWeights: 'always' });
    expect((await loaded.model.forward({ a, b })).sum).toEqual(sum);
    expect(await readdir(join(root, 'cache/prepacked'))).toHaveLength(1);
  });
});

describe('files', () => {
  it('that no digest vouches for are not opened, and those that are missing are named', async () => {
    const kernel = await createKernel({ plugins: [backend], config: { settings: { 'backend-onnx': { workers: 1 } } } });
    const onnx = kernel.backends.get('onnx');
    const unlisted = { ...artifacts('good'), unlisted: ['onnx/model.onnx'] };
    await expect(onnx.load(unlisted)).rejects.toThrow(/'onnx\/model\.onnx' is not listed in zooid\.json/);
    expect(onnx.misfit?.(artifacts('good'))).toBeUndefined();
    expect(onnx.misfit?.(artifacts('empty'))).toMatch(
      /empty has no onnx\/model\.onnx .*; write one with: zooid export/,
    );
    await kernel[Symbol.asyncDispose]();
  });
});

describe('check', () => {
  it('proves that models run here and says on what', async () => {
    const kernel = await createKernel({ plugins: [backend] });
    await expect(kernel.backends.get('onnx').check?.()).resolves.toMatch(
      /^onnxruntime \d+\.\d+\.\d+, cpu, \d+ workers a model, 1 threads each$/,
    );
    await kernel[Symbol.asyncDispose]();
  });
});
