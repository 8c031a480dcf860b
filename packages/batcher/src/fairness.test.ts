import { describe, expect, it } from 'vitest';
import { rowsOf, type SimulatedRow, Simulation } from './simulation.fixture.js';

const many = (count: number, length: number, from = 0): SimulatedRow[] =>
  rowsOf(
    Array.from({ length: count }, () => length),
    from,
  );
const passOf = ({ passes }: Simulation, id: number) =>
  passes.findIndex(({ rows }) => rows.some((row) => row.id === id));

/** Newcomers of one row without end: as many wait whenever a pass begins. */
function besiege(simulation: Simulation, { waiting = 40, length = 20, urgency = 3, until = 5000 } = {}): void {
  let id = 1_000_000;
  const arrive = (): void => {
    if (simulation.now > until) return;
    while (simulation.batcher.queued.rows < waiting)
      void simulation.batcher.submit([{ id: id++, length }], { urgency });
    simulation.at(simulation.now + 1, arrive);
  };
  simulation.at(0, arrive);
}

describe('fairness between requests', () => {
  it('lets a single row pass a thousand of one request', async () => {
    const simulation = new Simulation({ ahead: 0 });
    void simulation.batcher.submit(many(1000, 16));
    await simulation.proceed(30);
    const begun = simulation.passes.length;
    void simulation.batcher.submit([{ id: 5000, length: 40 }]);
    await simulation.proceed();
    expect(passOf(simulation, 5000) - begun).toBeLessThanOrEqual(1);
    expect(simulation.passes.length).toBeGreaterThan(60);
  });

  it('lets a single row pass several such requests, at most a batch of each', async () => {
    const simulation = new Simulation({ ahead: 0 });
    for (let i = 0; i < 6; i++) void simulation.batcher.submit(many(1000, 16 + i, 10_000 * i));
    await simulation.proceed(60);
    const begun = simulation.passes.length;
    void simulation.batcher.submit([{ id: 99_999, length: 100 }]);
    await simulation.proceed();
    expect(passOf(simulation, 99_999) - begun).toBeLessThanOrEqual(7);
  });

  it('fills batches with rows that have arrived before later rows of a large request, even those of nearer lengths', async () => {
    const simulation = new Simulation({ maxTokens: 100 });
    void simulation.batcher.submit(many(500, 20));
    await simulation.proceed(30);
    const singles = [22, 23, 24, 25].map((length, i) => ({ id: 9000 + i, length }));
    for (const single of singles) void simulation.batcher.submit([single]);
    await simulation.proceed();
    expect(new Set(singles.map(({ id }) => passOf(simulation, id))).size).toBe(1);
  });

  it('lets large requests take turns', async () => {
    const simulation = new Simulation();
    for (const i of [0, 1, 2]) void simulation.batcher.submit(many(500, 16, 1000 * i));
    await simulation.proceed();
    const lastOf = (i: number) =>
      simulation.passes.findLastIndex(({ rows }) => rows.some(({ id }) => (id / 1000) >> 0 === i));
    const lasts = [0, 1, 2].map(lastOf);
    expect(Math.max(...lasts) - Math.min(...lasts)).toBeLessThan(simulation.passes.length / 10);
  });

  it('keeps the order of arrival among requests of one row', async () => {
    const simulation = new Simulation({ maxTokens: 10 });
    for (const id of [0, 1, 2, 3, 4]) void simulation.batcher.submit([{ id, length: 10 - id }]);
    await simulation.proceed();
    expect(simulation.passes.map(({ rows }) => rows[0]!.id)).toEqual([0, 1, 2, 3, 4]);
  });

  it('serves a large request under endless newcomers at no less than an eighth of the work', async () => {
    const simulation = new Simulation();
    besiege(simulation);
    await simulation.proceed(10);
    // Longer than the newcomers, so that its rows never ride along in their batches.
    const work = 80 * 100;
    let doneAt = Number.POSITIVE_INFINITY;
    void simulation.batcher.submit(many(80, 100)).then(() => {
      doneAt = simulation.passes.length;
    });
    const begun = simulation.passes.length;
    await simulation.proceed();
    const tokens = simulation.passes.slice(begun, doneAt).reduce((sum, { paddedTokens }) => sum + paddedTokens, 0);
    expect(tokens).toBeLessThan(8 * work + 40 * 20 * 2);
  });

  it('serves the least urgent row under endless urgent ones', async () => {
    const simulation = new Simulation();
    besiege(simulation, { urgency: 0, until: 20_000 });
    await simulation.proceed(10);
    let doneAt = Number.POSITIVE_INFINITY;
    void simulation.batcher.submit([{ id: 7, length: 100 }], { urgency: 7 }).then(() => {
      doneAt = simulation.now;
    });
    await simulation.proceed();
    expect(doneAt).toBeLessThan(20_000);
    expect(doneAt).toBeGreaterThan(20);
  });

  it('serves urgent rows before those that came earlier', async () => {
    const simulation = new Simulation({ maxTokens: 10, ahead: 0 });
    for (const [id, urgency] of [3, 7, 3, 0, 2].entries()) {
      void simulation.batcher.submit([{ id, length: 10 }], { urgency });
    }
    await simulation.proceed();
    expect(simulation.passes.map(({ rows }) => rows[0]!.id)).toEqual([3, 4, 0, 2, 1]);
  });
});
