import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Graph, writeModel } from '@zooid/onnx';
import { Random } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, ids, wave } from '../__fixtures__/toy-programs.js';
import { createInferencePool, poolSize } from './inference-pool.js';
import type { PoolEvent } from './pool-events.js';

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

  it('gives every caller its own answer while others abort, fail and workers are recycled', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 2, recycleAfterRuns: 50, maxQueue: 1000 });
    const random = new Random(1);
    const one = async (i: number) => {
      // New workers take their time to load; until then the old ones go on.
      for (let step = 0; step < 60 || pool.stats().recycled < 2; step++) {
        const value = i + 8 * (step % 1000);
        const controller = new AbortController();
        const fate = random.int(4);
        const data = fate === 0 ? floats([1, 3], [1, 2, 3]) : floats([1, 2], [value, 1]);
        const run = pool.run({ x: data }, { outputs: ['total'], signal: controller.signal });
        if (fate === 1) controller.abort();
        if (fate === 2) setImmediate(() => controller.abort());
        const outcome = await run.then(
          ({ total }) => total!.data[0],
          ({ code }: { code: string }) => code,
        );
        if (fate === 0) expect(outcome).toBe('SESSION_FAILED');
        else if (fate === 1) expect(outcome).toBe('ABORTED');
        else if (fate === 2) expect(['ABORTED', 3 * value + 3]).toContain(outcome);
        else expect(outcome).toBe(3 * value + 3);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => one(i)));
    const { waiting, lost, retried, recycled, workers } = pool.stats();
    expect({ waiting, lost, retried }).toEqual({ waiting: 0, lost: 0, retried: 0 });
    expect(recycled).toBeGreaterThanOrEqual(2);
    expect(workers.filter(({ state }) => state !== 'retiring')).toHaveLength(2);
  });

  it('uses one worker on all cores for the shortest answer', async () => {
    await using pool = await createInferencePool({ model: linear, mode: 'latency' });
    expect(pool).toMatchObject({ size: 1, concurrency: 1 });
    expect(poolSize({ mode: 'latency' })).toEqual({ workers: 1, threads: availableParallelism() });
    expect(poolSize({})).toEqual({ workers: availableParallelism(), threads: 1 });
    expect(poolSize({ workers: 3, threads: 2 })).toEqual({ workers: 3, threads: 2 });
  });

  it('has run before the first call, and does not mind a model that made-up inputs do not fit', async () => {
    const events: PoolEvent[] = [];
    const onEvent = (event: PoolEvent) => void events.push(event);
    await using fitting = await createInferencePool({ model: linear, workers: 1, onEvent });
    expect(events).toEqual([]);
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n']);
    // Rows 100 and on of an input that is made up shorter than that.
    graph.output(x.gather(graph.initializer('row', ids([1], [100]))), 'y');
    const picky = join(folder, 'picky.onnx');
    await writeFile(picky, writeModel(graph));
    await using pool = await createInferencePool({ model: picky, workers: 1, onEvent });
    expect(events).toMatchObject([
      { kind: 'warm-up-failed', error: expect.objectContaining({ code: 'SESSION_FAILED' }) },
    ]);
    expect((await pool.run({ x: floats([101], wave(101)) })).y!.dims).toEqual([1]);
    expect(fitting.stats()).toMatchObject({ completed: 0, workers: [{ runs: 0 }] });
  });

  it('reports what onnxruntime says about bad feeds, and goes on', async () => {
    await using pool = await createInferencePool({ model: linear, workers: 1 });
    await expect(pool.run({ x: floats([1, 3], [1, 2, 3]) })).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    await expect(pool.run({})).rejects.toThrow(/'x' is missing/);
    const missing = { x: undefined } as unknown as Parameters<typeof pool.run>[0];
    await expect(pool.run(missing)).rejects.toThrow(/cannot be sent/);
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
