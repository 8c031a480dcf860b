import { describe, expect, it } from 'vitest';
import { answerTo, POISON, type SimulatedRow, Simulation, seeded } from './simulation.fixture.js';

interface Asked {
  readonly rows: readonly SimulatedRow[];
  readonly refused: boolean;
  readonly outcome: Promise<unknown>;
  readonly leaving: AbortController;
  leftAt: number;
}

/** Requests of all sizes at random times, some poisonous, some of callers that leave. */
async function randomLoad(seed: number) {
  const random = seeded(seed);
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const settings = {
    maxTokens: 2 ** (3 + upTo(6)),
    maxPadding: upTo(60) - 1,
    maxQueuedRows: upTo(120),
    maxQueuedTokens: upTo(6000),
    ahead: upTo(3) - 1,
    concurrency: upTo(3),
    deterministic: random() < 0.1,
  };
  const simulation = new Simulation(settings);
  const asked: Asked[] = [];
  let id = 0;
  let mostQueued = 0;
  for (let request = 0; request < 60; request++) {
    const isPoisonous = random() < 0.1;
    const rows = Array.from({ length: upTo(random() < 0.7 ? 2 : 40) }, (_, i) => ({
      id: id++,
      length: upTo(random() < 0.9 ? 64 : 600),
      poison: isPoisonous && i === 0,
    }));
    const leaving = new AbortController();
    const urgency = upTo(8) - 1;
    simulation.at(random() * 150, () => {
      const isAlone = simulation.batcher.queued.rows === 0;
      const wouldWait = simulation.batcher.queued.rows + rows.length;
      const outcome = simulation.batcher.submit(rows, { signal: leaving.signal, urgency }).catch((error) => error);
      const refused = simulation.batcher.queued.rows < wouldWait;
      asked.push({ rows, refused, outcome, leaving, leftAt: Number.POSITIVE_INFINITY });
      if (!isAlone && !refused) mostQueued = Math.max(mostQueued, simulation.batcher.queued.rows);
    });
    if (random() < 0.15) {
      simulation.at(random() * 300, () => {
        leaving.abort();
        const request = asked.find((one) => one.leaving === leaving);
        if (request !== undefined) request.leftAt = simulation.now;
      });
    }
  }
  await simulation.proceed();
  return { settings, simulation, asked, mostQueued };
}

describe.each(Array.from({ length: 60 }, (_, seed) => seed))('random load %i', (seed) => {
  it('is answered as promised', async () => {
    const { settings, simulation, asked, mostQueued } = await randomLoad(seed);
    const { passes } = simulation;
    const budget = settings.deterministic ? 1 : settings.maxTokens;

    // Budgets.
    expect(passes.filter(({ rows, paddedTokens }) => rows.length > 1 && paddedTokens > budget)).toEqual([]);
    const runs = new Map<number, number[]>();
    for (const [pass, { rows }] of passes.entries()) {
      for (const { id } of rows) runs.set(id, [...(runs.get(id) ?? []), pass]);
    }
    expect(passes.filter(({ padding }) => padding > settings.maxPadding)).toEqual([]);
    expect(simulation.mostAtOnce).toBeLessThanOrEqual(settings.concurrency + settings.ahead);
    expect(mostQueued).toBeLessThanOrEqual(settings.maxQueuedRows);
    expect(simulation.batcher.queued).toEqual({ rows: 0, tokens: 0 });

    // Every request is settled once, the way it had to be, and no row is run more often than that takes.
    expect(asked).toHaveLength(60);
    for (const { rows, refused, outcome, leaving, leftAt } of asked) {
      const result = await outcome;
      const starts = rows.flatMap(({ id }) => (runs.get(id) ?? []).map((pass) => passes[pass]!.startedAt));
      if (leaving.signal.aborted) expect(starts.filter((start) => start > leftAt)).toEqual([]);
      if (!Array.isArray(result)) {
        const { code, message } = result as { code?: string; message: string };
        if (refused) expect(['QUEUE_FULL', 'ABORTED']).toContain(code);
        else if (code === 'ABORTED') expect(leaving.signal.aborted).toBe(true);
        else expect([message, rows[0]!.poison]).toEqual([POISON, true]);
        continue;
      }
      expect(rows[0]!.poison).toBe(false);
      expect(result).toEqual(rows.map(answerTo));
      for (const { id } of rows) {
        const [first, second, ...more] = runs.get(id)!;
        expect(more).toEqual([]);
        // Only a neighbour's failure is a reason to run a row again.
        if (second !== undefined) expect(passes[first!]!.rows.some(({ poison }) => poison)).toBe(true);
      }
    }
  });
});
