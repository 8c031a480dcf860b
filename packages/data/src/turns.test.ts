import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

/** Turns of the event loop until `work` is done. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  return turns;
}

describe('turns', () => {
  it('cost nothing while the work is small', async () => {
    const turns = new Turns();
    expect(await turnsOf(turns.before(10))).toBeLessThanOrEqual(1);
  });

  it('let one of several long pieces of work go on per turn of the event loop', async () => {
    const turns = new Turns();
    const pieces = Promise.all(Array.from({ length: 8 }, () => turns.before(10_000)));
    expect(await turnsOf(pieces)).toBeGreaterThanOrEqual(8);
  });

  it('add up small pieces of work until the budget is spent', async () => {
    const turns = new Turns();
    const pieces = (async () => {
      for (let i = 0; i < 100; i++) await turns.before(300);
    })();
    expect(await turnsOf(pieces)).toBeGreaterThanOrEqual(9);
  });
});
