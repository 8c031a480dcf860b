import type { Units } from '@zooid/tokenizers';
import type { Dictionary } from '../lexicon/dictionary.js';

/**
 * What the words of a lexicon say of a unit, a bit each: it begins a match of 2, 3 or more units, is inside one of 3 or of more,
 * or ends one of 2, 3 or more. Matches may overlap and contradict each other; the model weighs them.
 */
export const MARKS = 8;
const begins = [0, 1, 2] as const;
const inside = [3, 4] as const;
const ends = [5, 6, 7] as const;

/** One bit set of marks per unit. Words of one unit say nothing. */
export function* lexiconMarks(units: Units, lexicon: Dictionary): Generator<number, Uint8Array> {
  const marks = new Uint8Array(units.count);
  yield* lexicon.matches(units, (_, first, end) => {
    const kind = Math.min(end - first, 4) - 2;
    if (kind < 0) return;
    marks[first]! |= 1 << begins[kind]!;
    marks[end - 1]! |= 1 << ends[kind]!;
    for (let unit = first + 1; unit < end - 1; unit++) marks[unit]! |= 1 << inside[kind - 1]!;
  });
  return marks;
}
