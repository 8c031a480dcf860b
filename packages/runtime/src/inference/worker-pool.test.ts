import type { TensorMap } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { SessionError } from '../errors.js';
import { type PoolWorker, WorkerPool } from './worker-pool.js';

const signature = { inputs: [], outputs: [] };

/** Answers when told to. */
class FakeWorker implements PoolWorker {
  readonly ready: Promise<typeof signature>;
  alive = true;
  readonly exited: Promise<void>;
  readonly runs: { feeds: TensorMap; resolve(result: TensorMap): void; reject(error: Error): void }[] = [];
  disposed = false;
  private exit!: () => void;

  constructor(opens = true) {
    this.ready = opens ? Promise.resolve(signature) : Promise.reject(new SessionError('no such file'));
    this.ready.catch(() => {});
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  run(feeds: TensorMap): Promise<TensorMap> {
    return new Promise((resolve, reject) => this.runs.push({ feeds, resolve, reject }));
  }

  die(): void {
    this.alive = false;
    for (const { reject } of this.runs) reject(new SessionError('the worker died'));
    this.exit();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.exit();
  }
}

function setUp(count: number, maxQueue = 10, opens = true) {
  const workers = Array.from({ length: count }, () => new FakeWorker());
  const replacements: FakeWorker[] = [];
  const open = (): FakeWorker => {
    const worker = new FakeWorker(opens);
    replacements.push(worker);
    return worker;
  };
  return { pool: new WorkerPool(workers, signature, open, maxQueue), workers, replacements };
}

const feed = (value: number): TensorMap => ({ x: { dtype: 'float32', dims: [1], data: Float32Array.of(value) } });
const value = (map: TensorMap): number => Number(map.x!.data[0]);
/** Lets everything that is ready happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('WorkerPool', () => {
  it('runs on free workers at once and queues the rest in order', async () => {
    const { pool, workers } = setUp(2);
    const results = [1, 2, 3, 4].map((x) => pool.run(feed(x)));
    expect(pool.waiting).toBe(2);
    const busy = workers.map(({ runs }) => runs.map(({ feeds }) => value(feeds)));
    expect(busy.flat().sort()).toEqual([1, 2]);
    workers[0]!.runs[0]!.resolve(feed(10));
    await settle();
    expect(workers[0]!.runs.map(({ feeds }) => value(feeds)).at(-1)).toBe(3);
    workers[0]!.runs[1]!.resolve(feed(30));
    await settle();
    expect(workers[0]!.runs.map(({ feeds }) => value(feeds)).at(-1)).toBe(4);
    workers[0]!.runs[2]!.resolve(feed(40));
    workers[1]!.runs[0]!.resolve(feed(20));
    const values = (await Promise.all(results)).map(value);
    expect(values.slice(2)).toEqual([30, 40]);
    expect(values.slice(0, 2).sort()).toEqual([10, 20]);
  });

  it('refuses a run when the queue is full and accepts again when a place is free', async () => {
    const { pool, workers } = setUp(1, 1);
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    await expect(pool.run(feed(3))).rejects.toMatchObject({ code: 'QUEUE_FULL', maxQueue: 1 });
    workers[0]!.runs[0]!.resolve(feed(1));
    await first;
    const third = pool.run(feed(3));
    workers[0]!.runs[1]!.resolve(feed(2));
    await second;
    workers[0]!.runs[2]!.resolve(feed(3));
    expect(value(await third)).toBe(3);
  });

  it('takes an aborted run out of the queue', async () => {
    const { pool, workers } = setUp(1);
    const controller = new AbortController();
    const first = pool.run(feed(1));
    const second = pool.run(feed(2), { signal: controller.signal });
    const third = pool.run(feed(3));
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    workers[0]!.runs[0]!.resolve(feed(1));
    await first;
    expect(workers[0]!.runs.map(({ feeds }) => value(feeds))).toEqual([1, 3]);
    workers[0]!.runs[1]!.resolve(feed(3));
    await third;
  });

  it('drops the result of a run that is aborted while it runs, and keeps the worker', async () => {
    const { pool, workers } = setUp(1);
    const controller = new AbortController();
    const first = pool.run(feed(1), { signal: controller.signal });
    const second = pool.run(feed(2));
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    expect(workers[0]!.runs).toHaveLength(1);
    workers[0]!.runs[0]!.resolve(feed(1));
    await settle();
    workers[0]!.runs[1]!.resolve(feed(2));
    expect(value(await second)).toBe(2);
  });

  it('does not begin a run that was aborted before', async () => {
    const { pool, workers } = setUp(1);
    await expect(pool.run(feed(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(workers[0]!.runs).toHaveLength(0);
  });

  it('goes on after a failed run', async () => {
    const { pool, workers } = setUp(1);
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    workers[0]!.runs[0]!.reject(new SessionError('bad shape'));
    await expect(first).rejects.toThrow('bad shape');
    workers[0]!.runs[1]!.resolve(feed(2));
    expect(value(await second)).toBe(2);
  });

  it('replaces a worker that died, and keeps what was queued', async () => {
    const { pool, workers, replacements } = setUp(1);
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    workers[0]!.die();
    await expect(first).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    await settle();
    expect(pool.size).toBe(1);
    replacements[0]!.runs[0]!.resolve(feed(2));
    expect(value(await second)).toBe(2);
  });

  it('replaces only once and then rejects everything', async () => {
    const { pool, workers, replacements } = setUp(1);
    workers[0]!.die();
    await settle();
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    replacements[0]!.die();
    await expect(first).rejects.toThrow('the worker died');
    await expect(second).rejects.toThrow(/Every worker .* has died/);
    await expect(pool.run(feed(3))).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    expect(replacements).toHaveLength(1);
    await pool[Symbol.asyncDispose]();
  });

  it('rejects what is queued when the replacement cannot load the model', async () => {
    const { pool, workers, replacements } = setUp(1, 10, false);
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    workers[0]!.die();
    await expect(first).rejects.toThrow('the worker died');
    await expect(second).rejects.toThrow(/Every worker/);
    expect(replacements[0]!.disposed).toBe(true);
  });

  it('finishes accepted runs before it disposes of the workers, once', async () => {
    const { pool, workers } = setUp(1);
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    const disposal = pool[Symbol.asyncDispose]();
    expect(pool[Symbol.asyncDispose]()).toBe(disposal);
    await expect(pool.run(feed(3))).rejects.toThrow(/disposed/);
    workers[0]!.runs[0]!.resolve(feed(1));
    await first;
    expect(workers[0]!.disposed).toBe(false);
    workers[0]!.runs[1]!.resolve(feed(2));
    await disposal;
    expect(value(await second)).toBe(2);
    expect(workers[0]!.disposed).toBe(true);
  });
});
