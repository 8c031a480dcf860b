import { setImmediate as nextTurn } from 'node:timers/promises';

/** Host work between two turns, in units of about a microsecond: a few milliseconds, so that nobody waits long. */
const BUDGET = 3000;

/**
 * Shares the event loop between requests that need it for long: however many ask, one goes on per turn of the loop,
 * and everything else that waits for the loop (sockets, timers, probes) comes in between.
 */
export class Turns {
  private last: Promise<void> = Promise.resolve();
  private spent = 0;

  /** Call before work of about so many microseconds; waits for a turn once this turn's budget is spent. */
  async before(cost: number): Promise<void> {
    this.spent += cost;
    if (this.spent < BUDGET) return;
    this.last = this.last.then(() => nextTurn());
    await this.last;
    this.spent = cost;
  }
}
