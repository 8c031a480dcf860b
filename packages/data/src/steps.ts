import type { Turns } from './turns.js';

/** Microseconds of host work on a unit of a text, roughly, in any of the passes over it. */
const MICROSECONDS_PER_UNIT = 0.05;

/** Runs work that pauses now and then to say of how many units it was, and lets others run in between. */
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
