import type { Turns } from '@zooid/data';

/** Microseconds of host work on a unit, roughly, in any of the passes over a text. */
const MICROSECONDS_PER_UNIT = 0.05;

/** Runs work that pauses every so many units, and lets others run in between. */
export async function inTurns<T>(turns: Turns, work: Generator<number, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await turns.before(MICROSECONDS_PER_UNIT * value);
  }
}

/** Runs it at once. */
export function atOnce<T>(work: Generator<number, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
