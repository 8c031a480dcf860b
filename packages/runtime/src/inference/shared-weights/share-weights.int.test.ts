import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, writeModel, writeModelWithExternalData } from '@zooid/onnx';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { floats, wave } from '../../__fixtures__/toy-programs.js';
import { createInferencePool, type InferencePoolOptions } from '../inference-pool.js';
import { InferenceWorker } from '../inference-worker-client.js';
import type { PoolEvent } from '../pool-events.js';
import { PrepackedCache } from './prepacked-cache.js';
import { shareWeights } from './share-weights.js';

let root: string;
let folder: string;
let model: string;

/** Matrix products whose weights are worth prepacking; `factor` tells models apart. */
function graphOf(factor: number): Graph {
  const graph = new Graph();
  let x = graph.input('x', 'float32', ['batch', 64]);
  for (let i = 0; i < 3; i++) {
    const weights = wave(64 * 64).map((value) => value * factor);
    x = x.matmul(graph.initializer(`w${i}`, floats([64, 64], weights))).tanh();
  }
  graph.output(x, 'y');
  return graph;
}

const x = floats([2, 64], wave(128));

async function answer(options: Partial<InferencePoolOptions> = {}, events: PoolEvent[] = []) {
  await using pool = await createInferencePool({
    model,
    workers: 2,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return pool.run({ x });
}
const always = () => ({ sharedWeights: { mode: 'always' as const, folder } });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-shared-'));
  folder = join(root, 'prepacked');
  model = join(root, 'model.onnx');
  await writeFile(model, writeModel(graphOf(0.5)));
});
afterEach(() => rm(root, { recursive: true }));

describe('shared weights', () => {
  it('give the same numbers to the bit, from one copy that is made once', async () => {
    const events: PoolEvent[] = [];
    const plain = await answer();
    expect(await answer(always(), events)).toEqual(plain);
    const [key, ...others] = await readdir(folder);
    expect(others).toEqual([]);
    const made = await stat(join(folder, key!, 'weights.bin'));
    expect(await answer(always(), events)).toEqual(plain);
    expect((await stat(join(folder, key!, 'weights.bin'))).ino).toBe(made.ino);
    expect(events).toEqual([]);
  });

  it('work for weights beside the graph, and know the file that they are in', async () => {
    const { model: bytes, data } = writeModelWithExternalData(graphOf(0.5), { path: 'weights.data' });
    await writeFile(model, bytes);
    await writeFile(join(root, 'weights.data'), data);
    const plain = await answer();
    expect(await answer(always())).toEqual(plain);
    data[5000]! ^= 1;
    await writeFile(join(root, 'weights.data'), data);
    await answer(always());
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('are for large models, unless told otherwise', async () => {
    expect(await shareWeights(model, { folder })).toBeUndefined();
    expect(await shareWeights(model, { folder, mode: 'never' })).toBeUndefined();
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    // Something large beside the model is looked at, and found not to be its own.
    await writeFile(join(root, 'other.bin'), new Uint8Array(33e6));
    expect(await shareWeights(model, { folder })).toBeUndefined();
  });

  it('are made again when the copy is damaged, even if its size and times are right', async () => {
    const plain = await answer(always());
    const [key] = await readdir(folder);
    const path = join(folder, key!, 'weights.bin');
    const [bytes, { atime, mtime }] = await Promise.all([readFile(path), stat(path)]);
    const intact = Buffer.from(bytes);
    bytes[bytes.length >> 1]! ^= 0x40;
    await writeFile(path, bytes);
    await utimes(path, atime, mtime);
    expect(await answer(always())).toEqual(plain);
    expect((await readFile(path)).equals(intact)).toBe(true);
    await rm(path);
    expect(await answer(always())).toEqual(plain);
    await writeFile(join(folder, key!, 'digests.json'), '{');
    expect(await answer(always())).toEqual(plain);
    expect(await readdir(folder)).toEqual([key]);
  });

  it('are done without, and said to be, where the copy cannot be written', async () => {
    const events: PoolEvent[] = [];
    await writeFile(folder, 'a file where the folder should be');
    expect(await answer(always(), events)).toEqual(await answer());
    expect(events).toEqual([{ kind: 'weights-not-shared', reason: expect.stringMatching(/EEXIST|ENOTDIR/) }]);
  });

  it('are done without by a worker that finds another copy than was verified', async () => {
    const shared = (await shareWeights(model, { folder, mode: 'always' }))!;
    await writeFile(shared.model, 'something else');
    const events: PoolEvent[] = [];
    const worker = new InferenceWorker({
      model,
      threads: 1,
      optimize: true,
      shared,
      isolation: 'thread',
      runTimeoutMs: 0,
      loadTimeoutMs: 0,
      onEvent: (event) => void events.push(event),
    });
    expect((await worker.ready).sharedWeights).toBe(false);
    expect(events).toEqual([{ kind: 'weights-not-shared', reason: expect.stringContaining('has changed') }]);
    await worker.dispose();
  });

  it('may be made by several at once, of whom one wins', async () => {
    const shared = await Promise.all([1, 2, 3].map(() => shareWeights(model, { folder, mode: 'always' })));
    expect(shared[1]).toEqual(shared[0]);
    expect(shared[2]).toEqual(shared[0]);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('of a model that cannot be loaded are an error that leaves nothing behind', async () => {
    await writeFile(model, writeModel(graphOf(1)).subarray(0, 300));
    await expect(shareWeights(model, { folder, mode: 'always' })).rejects.toThrow(/malformed/);
    await expect(answer(always())).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    expect(await readdir(folder).catch(() => [])).toEqual([]);
  });

  it('take so much space and no more: what was used longest ago goes first', async () => {
    await shareWeights(model, { folder, mode: 'always' });
    const [first] = await readdir(folder);
    await utimes(join(folder, first!, 'digests.json'), 1, 1);
    await utimes(join(folder, first!), 1, 1);
    await writeFile(model, writeModel(graphOf(0.25)));
    // Room for one copy, which may be four times the model, and for no second one.
    const { size } = await stat(model);
    await shareWeights(model, { folder, mode: 'always', maxBytes: 4.5 * size });
    const left = await readdir(folder);
    expect(left).toHaveLength(1);
    expect(left).not.toContain(first);
    await writeFile(model, writeModel(graphOf(0.125)));
    const events: PoolEvent[] = [];
    await answer({ sharedWeights: { mode: 'always', folder, maxBytes: 50_000 } }, events);
    expect(events).toEqual([
      { kind: 'weights-not-shared', reason: expect.stringMatching(/may take 0 MB; allow more/) },
    ]);
    expect(await readdir(folder)).toEqual(left);
  });
});

describe('PrepackedCache', () => {
  it('keeps what is used, and removes what dead writers left', async () => {
    const cache = new PrepackedCache(folder);
    const write = (draft: string) => writeFile(join(draft, 'model.onnx'), 'graph');
    await cache.add('a', write);
    await cache.add('b', write);
    await mkdir(join(folder, '.draft-dead'));
    await mkdir(join(folder, '.draft-alive'));
    await utimes(join(folder, '.draft-dead'), 1, 1);
    for (const key of ['a', 'b']) {
      await utimes(join(folder, key, 'digests.json'), 1, 1);
      await utimes(join(folder, key), 1, 1);
    }
    await cache.find('a');
    // An entry has 87 bytes here.
    await cache.makeRoom(10, 110);
    expect((await readdir(folder)).sort()).toEqual(['.draft-alive', 'a']);
  });

  it('does not begin to write what a disk has no room for', async () => {
    await expect(new PrepackedCache(folder).makeRoom(1e18, 1e19)).rejects.toThrow(
      /has \d+ MB left, and .* takes about/,
    );
  });

  it('leaves nothing when writing fails, and says why', async () => {
    const cache = new PrepackedCache(folder);
    await expect(cache.add('a', () => Promise.reject(new Error('no space left')))).rejects.toThrow('no space left');
    expect(await readdir(folder)).toEqual([]);
    expect(await cache.find('a')).toBeUndefined();
  });
});
