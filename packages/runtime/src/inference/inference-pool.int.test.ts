import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Graph, writeModel } from '@zooid/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, ids, wave } from '../__fixtures__/toy-programs.js';
import { createInferencePool } from './inference-pool.js';

let folder: string;
let linear: string;
let slow: string;

/** y = x W, W = diag(factor), with the row sums of y as a second output. */
function linearModel(factor: number): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch', 2]);
  const y = x.matmul(graph.initializer('w', floats([2, 2], [factor, 0, 0, factor])));
  graph.output(y, 'y');
  graph.output(y.sum([1], false), 'total');
  return writeModel(graph);
}

/** Enough matrix products to take a while. */
function slowModel(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [512, 512]);
  let y = x;
  for (let i = 0; i < 40; i++) y = y.matmul(x).tanh();
  graph.output(y.sum([0, 1], false), 'total');
  return writeModel(graph);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-pool-'));
  linear = join(folder, 'linear.onnx');
  slow = join(folder, 'slow.onnx');
  await writeFile(linear, linearModel(3));
  await writeFile(slow, slowModel());
});

afterAll(() => rm(folder, { recursive: true }));

describe('createInferencePool', () => {
  it('describes the model and runs it, leaving the feeds to the caller', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 2 });
    expect(pool.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['batch', 2] }]);
    expect(pool.outputs.map(({ name }) => name)).toEqual(['y', 'total']);
    const backing = Float32Array.of(9, 1, 2, 3, 4, 9);
    const x = { dtype: 'float32' as const, dims: [2, 2], data: backing.subarray(1, 5) };
    const { y, total } = await pool.run({ x });
    expect(y).toEqual(floats([2, 2], [3, 6, 9, 12]));
    expect(total).toEqual(floats([2], [9, 21]));
    expect([...backing]).toEqual([9, 1, 2, 3, 4, 9]);
  });

  it('runs the graph as it stands where it must not be optimised', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 1, optimize: false });
    const { y, total } = await pool.run({ x: floats([1, 2], [1, 2]) });
    expect([y, total]).toEqual([floats([1, 2], [3, 6]), floats([1], [9])]);
  });

  it('fetches only the outputs asked for', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 1 });
    expect(Object.keys(await pool.run({ x: floats([1, 2], [1, 1]) }, { outputs: ['total'] }))).toEqual(['total']);
  });

  it('answers many concurrent runs, each with its own result', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 2 });
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => pool.run({ x: floats([1, 2], [i, 1]) }, { outputs: ['total'] })),
    );
    expect(results.map(({ total }) => total!.data[0])).toEqual(Array.from({ length: 200 }, (_, i) => 3 * i + 3));
  });

  it('reports what onnxruntime says about bad feeds, and goes on', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 1 });
    await expect(pool.run({ x: floats([1, 3], [1, 2, 3]) })).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    await expect(pool.run({})).rejects.toThrow(/'x' is missing/);
    await expect(pool.run({ x: ids([1, 2], [1, 2]) })).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    expect((await pool.run({ x: floats([1, 2], [1, 1]) })).y).toEqual(floats([1, 2], [3, 3]));
  });

  it('fails with the path when the model cannot be loaded', async () => {
    await expect(createInferencePool({ model: join(folder, 'absent.onnx'), workers: 2 })).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      message: expect.stringContaining('absent.onnx'),
    });
    const broken = join(folder, 'broken.onnx');
    await writeFile(broken, linearModel(3).subarray(0, 60));
    await expect(createInferencePool({ model: broken })).rejects.toMatchObject({ code: 'SESSION_FAILED' });
  });

  it('keeps two pools of different models apart', async () => {
    const other = join(folder, 'other.onnx');
    await writeFile(other, linearModel(-2));
    await using first = await createInferencePool({ model: linear, workers: 1 });
    await using second = await createInferencePool({ model: other, workers: 1 });
    const x = floats([1, 2], [1, 2]);
    const results = await Promise.all([first.run({ x }), second.run({ x }), first.run({ x }), second.run({ x })]);
    expect(results.map(({ y }) => [...y!.data])).toEqual([
      [3, 6],
      [-2, -4],
      [3, 6],
      [-2, -4],
    ]);
  });

  it('drains on disposal and refuses runs afterwards', async () => {
    const pool = await createInferencePool({ model: slow, workers: 1 });
    const x = floats([512, 512], wave(512 * 512));
    const runs = [pool.run({ x }), pool.run({ x })];
    const disposal = pool[Symbol.asyncDispose]();
    await expect(pool.run({ x })).rejects.toThrow(/disposed/);
    const [a, b] = await Promise.all(runs);
    expect(a).toEqual(b);
    await disposal;
  });

  it('leaves the event loop of the caller free while models load and run', async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const x = floats([512, 512], wave(512 * 512));
    await using pool = await createInferencePool({ model: slow, workers: 1 });
    delay.enable();
    const begin = performance.now();
    await Promise.all([pool.run({ x }), pool.run({ x }), pool.run({ x })]);
    const elapsed = performance.now() - begin;
    delay.disable();
    // A run on this thread would show as one delay as long as the run; generous, as the machine may be shared.
    expect(delay.percentile(90) / 1e6).toBeLessThan(Math.max(20, elapsed / 6));
  });
});
