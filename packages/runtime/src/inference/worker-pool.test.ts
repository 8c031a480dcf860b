import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emptySignature, FakeWorker, feed, numberIn, settled } from '../__fixtures__/fake-worker.js';
import type { PoolEvent } from './pool-events.js';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.js';

interface Setup extends Partial<WorkerPoolOptions> {
  readonly count?: number;
  readonly depth?: number;
  /** Whether workers that are opened later are loaded at once. */
  readonly loaded?: boolean;
}

function setUp({ count = 1, depth = 2, loaded = true, ...options }: Setup = {}) {
  const workers = Array.from({ length: count }, () => new FakeWorker(depth));
  const opened: FakeWorker[] = [];
  const events: PoolEvent[] = [];
  const pool = new WorkerPool({
    workers,
    signature: emptySignature,
    memoryBytes: 0,
    open() {
      const worker = new FakeWorker(depth, loaded);
      opened.push(worker);
      return worker;
    },
    maxQueue: 10,
    runTimeoutMs: 0,
    recycleAfterRuns: 0,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return { pool, workers, opened, events, kinds: () => events.map(({ kind }) => kind) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The time of the first replacement: at once. */
const soon = () => vi.advanceTimersByTimeAsync(1);

describe('the queue', () => {
  it('gives runs to idle workers first, then one ahead to each, in order of arrival', async () => {
    const { pool, workers } = setUp({ count: 2 });
    const [first, second] = workers as [FakeWorker, FakeWorker];
    const results = Promise.all([1, 2, 3, 4, 5].map((x) => pool.run(feed(x))));
    expect([first.seen, second.seen]).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(pool.waiting).toBe(3);
    await first.answer();
    expect(first.seen).toEqual([1, 3, 5]);
    for (const worker of [first, second, first, second]) await worker.answer();
    expect((await results).map(numberIn)).toEqual([1, 2, 3, 4, 5]);
    expect(pool.stats()).toMatchObject({ completed: 5, failed: 0, waiting: 0 });
  });

  it('gives nothing ahead to a worker that cannot give it back', () => {
    const { pool, workers } = setUp({ depth: 1 });
    void pool.run(feed(1));
    void pool.run(feed(2));
    expect(workers[0]!.seen).toEqual([1]);
    expect(pool.waiting).toBe(1);
  });

  it('moves a run that waits behind another one to a worker that is done', async () => {
    const { pool, workers } = setUp({ count: 2 });
    const [first, second] = workers as [FakeWorker, FakeWorker];
    const results = [1, 2, 3].map((x) => pool.run(feed(x)));
    expect(first.seen).toEqual([1, 3]);
    await second.answer();
    expect([first.seen, second.seen]).toEqual([[1], [2, 3]]);
    await second.answer();
    expect(numberIn(await results[2]!)).toBe(3);
    await first.answer();
    expect(numberIn(await results[0]!)).toBe(1);
    expect(pool.stats()).toMatchObject({ completed: 3, failed: 0 });
  });

  it('counts what waits behind other runs as waiting, and refuses more than it may hold', async () => {
    const { pool, workers } = setUp({ maxQueue: 1 });
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    await expect(pool.run(feed(3))).rejects.toMatchObject({ code: 'QUEUE_FULL', maxQueue: 1 });
    await workers[0]!.answer();
    await first;
    const third = pool.run(feed(3));
    await workers[0]!.answer();
    await second;
    await workers[0]!.answer();
    expect(numberIn(await third)).toBe(3);
  });

  it('goes on after a failed run', async () => {
    const { pool, workers } = setUp();
    const first = pool.run(feed(1));
    const second = pool.run(feed(2));
    void workers[0]!.fail('bad shape');
    await expect(first).rejects.toThrow('bad shape');
    await workers[0]!.answer();
    expect(numberIn(await second)).toBe(2);
    expect(pool.stats()).toMatchObject({ completed: 1, failed: 1, workers: [{ runs: 2, failures: 1, state: 'idle' }] });
  });
});

describe('aborting', () => {
  it('takes a run out of the queue', async () => {
    const { pool, workers } = setUp({ depth: 1 });
    const controller = new AbortController();
    const first = pool.run(feed(1));
    const second = pool.run(feed(2), { signal: controller.signal });
    const third = pool.run(feed(3));
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    await workers[0]!.answer();
    await first;
    expect(workers[0]!.seen).toEqual([1, 3]);
    await workers[0]!.answer();
    await third;
  });

  it('takes a run back from a worker that has not begun it, so that it is never run', async () => {
    const { pool, workers } = setUp();
    const controller = new AbortController();
    const first = pool.run(feed(1));
    const second = pool.run(feed(2), { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    expect(workers[0]!.seen).toEqual([1]);
    expect(pool.waiting).toBe(0);
    await workers[0]!.answer();
    await first;
    const third = pool.run(feed(3));
    await workers[0]!.answer();
    expect(numberIn(await third)).toBe(3);
  });

  it('drops the result of a run that has begun, and keeps the worker', async () => {
    const { pool, workers } = setUp();
    const controller = new AbortController();
    const first = pool.run(feed(1), { signal: controller.signal });
    const second = pool.run(feed(2));
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });
    await workers[0]!.answer();
    await workers[0]!.answer();
    expect(numberIn(await second)).toBe(2);
  });

  it('does not begin a run that was aborted before', async () => {
    const { pool, workers } = setUp();
    await expect(pool.run(feed(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(workers[0]!.seen).toEqual([]);
  });
});

describe('a worker that dies', () => {
  it('is replaced, and its runs are done again in their order', async () => {
    const { pool, workers, opened, kinds } = setUp();
    const results = [1, 2, 3].map((x) => pool.run(feed(x)));
    await workers[0]!.die();
    await soon();
    expect(pool.size).toBe(1);
    expect(opened[0]!.seen).toEqual([1, 2]);
    for (let i = 0; i < 3; i++) await opened[0]!.answer();
    expect((await Promise.all(results)).map(numberIn)).toEqual([1, 2, 3]);
    expect(kinds()).toEqual(['worker-died', 'worker-replaced']);
    expect(pool.stats()).toMatchObject({ retried: 1, replaced: 1, completed: 3 });
  });

  it('fails the run in which a second worker dies, and no other', async () => {
    const { pool, workers, opened } = setUp();
    const poison = pool.run(feed(1));
    const good = pool.run(feed(2));
    await workers[0]!.die();
    await soon();
    void opened[0]!.die('again');
    await expect(poison).rejects.toThrow('again');
    await vi.advanceTimersByTimeAsync(100);
    await opened[1]!.answer();
    expect(numberIn(await good)).toBe(2);
  });

  it('while others do the work is replaced for ever, ever more slowly', async () => {
    const { workers, opened, kinds } = setUp({ count: 2, loaded: false });
    await workers[0]!.die();
    await soon();
    for (let i = 0; i < 20; i++) {
      opened.at(-1)!.refuse(new Error('no such file'));
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(opened).toHaveLength(21);
    opened.at(-1)!.load();
    await settled();
    expect(kinds().at(-1)).toBe('worker-replaced');
    expect(opened[0]!.disposed).toBe(true);
  });

  it('again and again, with nobody else, ends in an error that says why', async () => {
    const { pool, workers, opened } = setUp({ loaded: false });
    await workers[0]!.die();
    const waiting = pool.run(feed(1));
    const refused = expect(waiting).rejects.toThrow(/More than 8 workers .* no such file/);
    await soon();
    for (let i = 0; i < 8; i++) {
      opened.at(-1)!.refuse(new Error('no such file'));
      await vi.advanceTimersByTimeAsync(10_000);
    }
    await refused;
    expect(opened).toHaveLength(8);
    await expect(pool.run(feed(2))).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    await pool[Symbol.asyncDispose]();
  });

  it('is forgiven once a replacement has done its work', async () => {
    const { pool, workers, opened } = setUp();
    await workers[0]!.die();
    for (let i = 0; i < 20; i++) {
      await soon();
      const run = pool.run(feed(i));
      await opened.at(-1)!.answer();
      expect(numberIn(await run)).toBe(i);
      await opened.at(-1)!.die();
    }
    await soon();
    expect(opened).toHaveLength(21);
  });
});

describe('a worker that does not answer', () => {
  it('fails its run, gives the next one to a replacement, and is reported', async () => {
    const { pool, workers, opened, events } = setUp({ runTimeoutMs: 1000 });
    const stuck = pool.run(feed(1));
    const failed = expect(stuck).rejects.toMatchObject({ code: 'RUN_TIMEOUT', limitMs: 1000 });
    const next = pool.run(feed(2));
    await vi.advanceTimersByTimeAsync(1001);
    await failed;
    expect(workers[0]!.abandoned).toBeDefined();
    expect(pool.lost).toBe(1);
    expect(events[0]).toMatchObject({ kind: 'worker-lost', lost: 1 });
    await soon();
    await opened[0]!.answer();
    expect(numberIn(await next)).toBe(2);
    await workers[0]!.comeBack();
    expect(pool.lost).toBe(0);
    expect(pool.stats()).toMatchObject({ timedOut: 1, replaced: 1, completed: 1, lost: 0 });
  });

  it('is given the whole time for every run, not for all together', async () => {
    const { pool, workers } = setUp({ runTimeoutMs: 1000 });
    const runs = [1, 2, 3].map((x) => pool.run(feed(x)));
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(900);
      await workers[0]!.answer();
    }
    await Promise.all(runs);
    await vi.advanceTimersByTimeAsync(5000);
    expect(pool.lost).toBe(0);
  });

  it('has answered when the answer only waits to be read, because this thread was busy', async () => {
    const { pool, workers } = setUp({ runTimeoutMs: 1000 });
    const run = pool.run(feed(1));
    setTimeout(() => void workers[0]!.answer(), 1000);
    await vi.advanceTimersByTimeAsync(1000);
    await vi.advanceTimersByTimeAsync(5000);
    expect(numberIn(await run)).toBe(1);
    expect(pool.lost).toBe(0);
  });

  it('is not looked for where there is no limit', async () => {
    const { pool, workers } = setUp();
    const run = pool.run(feed(1));
    await vi.advanceTimersByTimeAsync(1e9);
    await workers[0]!.answer();
    expect(numberIn(await run)).toBe(1);
  });

  it('is replaced until as many again are stuck; then runs are refused until one comes back', async () => {
    const { pool, workers, opened } = setUp({ runTimeoutMs: 1000 });
    const stuck = () => expect(pool.run(feed(1))).rejects.toMatchObject({ code: 'RUN_TIMEOUT' });
    const first = stuck();
    await vi.advanceTimersByTimeAsync(1001);
    await first;
    await soon();
    const second = stuck();
    const behind = expect(pool.run(feed(2))).rejects.toThrow(/do not end \(2 threads\)/);
    await vi.advanceTimersByTimeAsync(1001);
    await Promise.all([second, behind]);
    await expect(pool.run(feed(3))).rejects.toMatchObject({ code: 'SESSION_FAILED' });
    expect(pool).toMatchObject({ lost: 2, size: 0 });
    await workers[0]!.comeBack();
    await vi.advanceTimersByTimeAsync(1001);
    const third = pool.run(feed(4));
    await opened[1]!.answer();
    expect(numberIn(await third)).toBe(4);
    expect(pool).toMatchObject({ lost: 1, size: 1 });
  });

  it('does not keep the pool from being disposed of', async () => {
    const { pool, workers } = setUp({ runTimeoutMs: 1000 });
    const stuck = expect(pool.run(feed(1))).rejects.toMatchObject({ code: 'RUN_TIMEOUT' });
    const disposal = pool[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(1001);
    await stuck;
    await disposal;
    expect(workers[0]!.disposed).toBe(false);
  });
});

describe('recycling', () => {
  it('replaces a worker after its number of runs, the new one first', async () => {
    const { pool, workers, opened, kinds } = setUp({ recycleAfterRuns: 2, loaded: false });
    const runs = [1, 2, 3, 4].map((x) => pool.run(feed(x)));
    await workers[0]!.answer();
    expect(opened).toHaveLength(0);
    await workers[0]!.answer();
    expect(opened).toHaveLength(1);
    expect(workers[0]!.seen).toEqual([1, 2, 3, 4]);
    opened[0]!.load();
    await settled();
    expect(opened[0]!.seen).toEqual([4]);
    expect(workers[0]!.disposed).toBe(false);
    await workers[0]!.answer();
    expect(workers[0]!.disposed).toBe(true);
    await opened[0]!.answer();
    expect((await Promise.all(runs)).map(numberIn)).toEqual([1, 2, 3, 4]);
    expect(kinds()).toEqual(['worker-recycled']);
    expect(pool.size).toBe(1);
  });

  it('keeps the old worker when there is no new one, and tries again later', async () => {
    const { pool, workers, opened, kinds } = setUp({ recycleAfterRuns: 1, loaded: false });
    const once = async () => {
      const run = pool.run(feed(1));
      await workers[0]!.answer();
      await run;
    };
    await once();
    opened[0]!.refuse(new Error('no memory'));
    await settled();
    expect(kinds()).toEqual(['replacement-failed']);
    await once();
    opened[1]!.load();
    await settled();
    expect(workers[0]!.disposed).toBe(true);
  });

  it('does not take place when the pool is disposed of in the meantime', async () => {
    const { pool, workers, opened } = setUp({ recycleAfterRuns: 1, loaded: false });
    const run = pool.run(feed(1));
    await workers[0]!.answer();
    await run;
    const disposal = pool[Symbol.asyncDispose]();
    opened[0]!.load();
    await disposal;
    expect([workers[0]!.disposed, opened[0]!.disposed]).toEqual([true, true]);
  });
});

describe('disposal', () => {
  it('finishes accepted runs before it disposes of the workers, once', async () => {
    const { pool, workers, kinds } = setUp();
    const runs = [1, 2, 3].map((x) => pool.run(feed(x)));
    const disposal = pool[Symbol.asyncDispose]();
    expect(pool[Symbol.asyncDispose]()).toBe(disposal);
    await expect(pool.run(feed(4))).rejects.toThrow(/disposed/);
    await workers[0]!.answer();
    await workers[0]!.answer();
    expect(workers[0]!.disposed).toBe(false);
    await workers[0]!.answer();
    await disposal;
    expect((await Promise.all(runs)).map(numberIn)).toEqual([1, 2, 3]);
    expect(workers[0]!.disposed).toBe(true);
    expect(kinds()).toEqual([]);
  });

  it('finishes accepted runs also when the only worker dies in them', async () => {
    const { pool, workers, opened } = setUp();
    const run = pool.run(feed(1));
    const disposal = pool[Symbol.asyncDispose]();
    await workers[0]!.die();
    await soon();
    await opened[0]!.answer();
    expect(numberIn(await run)).toBe(1);
    await disposal;
    expect(opened[0]!.disposed).toBe(true);
  });
});
