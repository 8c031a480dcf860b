import { ZooidError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.js';
import { answerTo, POISON, rowsOf, Simulation } from './simulation.fixture.js';

const lengthsOf = ({ passes }: Simulation) => passes.map(({ rows }) => rows.map(({ length }) => length));

describe('a batcher', () => {
  it('answers in the order of the rows, and nothing with nothing', async () => {
    const simulation = new Simulation({ maxTokens: 16 });
    const rows = rowsOf([8, 2, 8, 2, 8, 30, 1]);
    const answers = simulation.batcher.submit(rows);
    await simulation.proceed();
    expect(await answers).toEqual(rows.map(answerTo));
    expect(await simulation.batcher.submit([])).toEqual([]);
  });

  it('lets a row that comes alone go at once', async () => {
    const simulation = new Simulation();
    void simulation.batcher.submit(rowsOf([12]));
    await simulation.proceed();
    expect(simulation.passes[0]!.startedAt).toBe(0);
    expect(simulation.observations).toEqual([{ rows: 1, tokens: 12, paddedTokens: 12, queueMs: 0 }]);
  });

  it('runs requests of the same turn of the event loop together', async () => {
    const simulation = new Simulation();
    for (const id of [0, 1, 2]) void simulation.batcher.submit([{ id, length: 10 }]);
    await simulation.proceed();
    expect(lengthsOf(simulation)).toEqual([[10, 10, 10]]);
  });

  it('fills a batch with the lengths nearest to the oldest row, up to the budget', async () => {
    const simulation = new Simulation({ maxTokens: 64 });
    void simulation.batcher.submit(rowsOf([20, 9, 21, 60, 18, 22]));
    await simulation.proceed();
    expect(lengthsOf(simulation)).toEqual([[20, 21, 18], [9, 22], [60]]);
  });

  it('leaves rows out whose padding costs more than a pass of their own', async () => {
    const simulation = new Simulation({ maxPadding: 10 });
    void simulation.batcher.submit(rowsOf([30, 25, 25, 24, 19]));
    await simulation.proceed();
    expect(lengthsOf(simulation)).toEqual([
      [30, 25, 25],
      [24, 19],
    ]);
  });

  it('shares what waits among the passes that are free', async () => {
    const simulation = new Simulation({ concurrency: 2 });
    void simulation.batcher.submit(rowsOf([10, 10, 10, 10]));
    await simulation.proceed();
    expect(lengthsOf(simulation)).toEqual([
      [10, 10],
      [10, 10],
    ]);
    expect(simulation.passes.map(({ startedAt }) => startedAt)).toEqual([0, 0]);
  });

  it('hands a full batch over early, and never one that others could still join', async () => {
    const simulation = new Simulation({ maxTokens: 40, ahead: 2 });
    void simulation.batcher.submit(rowsOf([10, 10, 10, 10, 10, 10, 10, 10, 10]));
    await simulation.proceed(0);
    expect(lengthsOf(simulation).map(({ length }) => length)).toEqual([4, 4]);
    expect(simulation.batcher.queued).toEqual({ rows: 1, tokens: 10 });
    await simulation.proceed();
    expect(lengthsOf(simulation).map(({ length }) => length)).toEqual([4, 4, 1]);
  });

  it('runs every row alone in deterministic mode', async () => {
    const simulation = new Simulation({ deterministic: true, concurrency: 2 });
    const answers = simulation.batcher.submit(rowsOf([5, 5, 5, 1, 1]));
    await simulation.proceed();
    expect(simulation.passes.every(({ rows }) => rows.length === 1)).toBe(true);
    expect(await answers).toHaveLength(5);
  });

  it('tells each request once how long it waited', async () => {
    const simulation = new Simulation({ maxTokens: 10, ahead: 0 });
    const waits: Record<string, number[]> = { first: [], second: [] };
    void simulation.batcher.submit(rowsOf([10, 10]), { onQueued: (ms) => waits.first!.push(ms) });
    void simulation.batcher.submit(rowsOf([10]), { onQueued: (ms) => waits.second!.push(ms) });
    await simulation.proceed();
    expect(waits.first).toEqual([0]);
    expect(waits.second).toHaveLength(1);
    expect(waits.second![0]).toBeCloseTo(1.1);
  });
});

describe('a batcher with too much to do', () => {
  it.each([
    ['rows', { maxQueuedRows: 4 }, 'at most 4 rows wait'],
    ['tokens', { maxQueuedTokens: 40 }, 'at most 40 tokens wait'],
  ])('refuses what exceeds the %s that may wait, and takes more when there is room', async (_, limits, reason) => {
    const simulation = new Simulation({ ...limits, maxTokens: 10 });
    const waiting = simulation.batcher.submit(rowsOf([10, 10, 10, 10]));
    const refusal = await simulation.batcher.submit(rowsOf([10])).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'QUEUE_FULL', rows: 1 });
    expect(refusal.message).toContain(reason);
    expect(ZooidError.is(refusal)).toBe(true);
    await simulation.proceed(0);
    const accepted = simulation.batcher.submit(rowsOf([10], 7));
    await simulation.proceed();
    expect(await waiting).toHaveLength(4);
    expect(await accepted).toEqual([70]);
  });

  it('takes any request while nothing waits', async () => {
    const simulation = new Simulation({ maxQueuedRows: 1 });
    const answers = simulation.batcher.submit(rowsOf([5, 5, 5]));
    await simulation.proceed();
    expect(await answers).toHaveLength(3);
  });
});

describe('a caller that leaves a batcher', () => {
  it('is not begun with when it left before', async () => {
    const simulation = new Simulation();
    const answers = simulation.batcher.submit(rowsOf([5]), { signal: AbortSignal.abort() });
    await expect(answers).rejects.toMatchObject({ code: 'ABORTED' });
    await simulation.proceed();
    expect(simulation.passes).toEqual([]);
  });

  it('takes its waiting rows along at once', async () => {
    const simulation = new Simulation({ maxTokens: 10, ahead: 0 });
    const leaving = new AbortController();
    const first = simulation.batcher.submit(rowsOf([10]));
    const second = simulation.batcher.submit(rowsOf([10, 10, 10], 1), { signal: leaving.signal });
    const third = simulation.batcher.submit(rowsOf([10], 4));
    await simulation.proceed(0);
    leaving.abort(new Error('the socket closed'));
    expect(simulation.batcher.queued.rows).toBe(1);
    await expect(second).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the socket closed' } });
    await simulation.proceed();
    expect([await first, await third]).toEqual([[0], [40]]);
    expect(simulation.passes).toHaveLength(2);
  });

  it('aborts a batch when it was the last to want it', async () => {
    const simulation = new Simulation();
    const [one, other] = [new AbortController(), new AbortController()];
    const answers = [one, other].map(({ signal }) => simulation.batcher.submit(rowsOf([10]), { signal }));
    const outcomes = Promise.allSettled(answers);
    await simulation.proceed(0);
    one.abort();
    expect(simulation.passes[0]!.aborted).toBe(false);
    other.abort();
    expect(simulation.passes[0]!.aborted).toBe(true);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('a batch that fails', () => {
  it('fails a request that was alone in it, and no other', async () => {
    const simulation = new Simulation({ maxTokens: 10 });
    const bad = simulation.batcher.submit([{ id: 0, length: 10, poison: true }]);
    const good = simulation.batcher.submit(rowsOf([10], 1));
    const failure = expect(bad).rejects.toThrow(POISON);
    await simulation.proceed();
    await failure;
    expect(await good).toEqual([10]);
    expect(simulation.passes).toHaveLength(2);
  });

  it('is run once more for each of its requests alone', async () => {
    const simulation = new Simulation();
    const bad = simulation.batcher.submit([{ id: 0, length: 10, poison: true }, ...rowsOf([10], 1)]);
    const good = simulation.batcher.submit(rowsOf([10, 10], 2));
    const failure = expect(bad).rejects.toThrow(POISON);
    await simulation.proceed();
    await failure;
    expect(await good).toEqual([20, 30]);
    expect(simulation.passes.map(({ rows }) => rows.map(({ id }) => id).sort())).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });

  it('is not run again for a caller that leaves while it waits for that', async () => {
    const simulation = new Simulation();
    const leaving = new AbortController();
    const bad = simulation.batcher.submit([{ id: 0, length: 10, poison: true }]);
    const gone = simulation.batcher.submit(rowsOf([10], 1), { signal: leaving.signal });
    const outcomes = Promise.allSettled([bad, gone]);
    await simulation.proceed(2); // the batch has failed, and the first of its requests runs again
    expect(simulation.passes).toHaveLength(2);
    leaving.abort();
    await simulation.proceed();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(simulation.passes.map(({ rows }) => rows.map(({ id }) => id))).toEqual([[0, 1], [0]]);
  });

  it('is not run again for a caller that left', async () => {
    const simulation = new Simulation();
    const leaving = new AbortController();
    const gone = simulation.batcher.submit(rowsOf([10]), { signal: leaving.signal });
    const bad = simulation.batcher.submit([{ id: 1, length: 10, poison: true }]);
    const outcomes = Promise.allSettled([gone, bad]);
    await simulation.proceed(0);
    leaving.abort();
    await simulation.proceed();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(simulation.passes.map(({ rows }) => rows.map(({ id }) => id))).toEqual([[0, 1], [1]]);
  });

  it.each([
    ['too few answers', async () => [1], 'given 1 answers'],
    [
      'an exception before its first await',
      () => {
        throw new Error('bad feeds');
      },
      'bad feeds',
    ],
  ])('tells of %s', async (_, run, reason) => {
    const batcher = new Batcher<number, number>({ run, lengthOf: (row) => row });
    await expect(batcher.submit([3, 3])).rejects.toThrow(reason);
  });
});

describe('the settings of a batcher', () => {
  it.each([
    [{ maxTokens: 0 }, 'maxTokens must be an integer of at least 1, got 0'],
    [{ ahead: -1 }, 'ahead must be an integer of at least 0, got -1'],
    [{ maxQueuedRows: Number.NaN }, 'maxQueuedRows'],
  ])('%j are refused', (settings, reason) => {
    expect(() => new Simulation(settings)).toThrow(reason);
  });

  it('know eight urgencies', async () => {
    const { batcher } = new Simulation();
    await expect(batcher.submit(rowsOf([1]), { urgency: 8 })).rejects.toThrow('urgency must be an integer from 0 to 7');
  });
});
