import type { Piece } from './example.js';
import type { SentenceBoundaryOptions } from './options.js';
import { classOfMark } from './sentence-config.js';
import { afterClosing, markOffset, type Passage } from './text/passage.js';

/** Label of what no loss is taken of. */
export const IGNORED = -100;

/** What is to be found at the places of a text. */
export interface Gold {
  /** By place: 1 where a sentence ends. */
  readonly cut: Int8Array;
  /** By place: class of the mark; {@link IGNORED} where nobody knows. */
  readonly punct: Int8Array;
  /** Boundaries, and marks by class, that no answer can set: within a number, say. They count as missed. */
  readonly lostCuts: number;
  readonly lostMarks: readonly number[];
}

/** @param passage of the piece's text. */
export function goldOf(
  passage: Passage,
  { marks, ends, hasLastMark }: Piece,
  options: Pick<SentenceBoundaryOptions, 'marks' | 'fold'>,
): Gold {
  const { count } = passage;
  const cut = new Int8Array(count);
  const punct = new Int8Array(count).fill(marks === undefined ? IGNORED : 0);
  let foundCuts = 0;
  const lostMarks = new Array<number>(options.marks.length + 1).fill(0);
  for (const mark of marks?.values() ?? []) lostMarks[classOfMark(mark, options)]!++;
  for (let place = 0; place < count; place++) {
    const offset = markOffset(passage, place);
    if (ends.has(offset)) {
      cut[afterClosing(passage, place)] = 1;
      foundCuts++;
    }
    const mark = marks?.get(offset);
    if (mark === undefined) continue;
    punct[place] = classOfMark(mark, options);
    lostMarks[punct[place]!]!--;
  }
  if (!hasLastMark && count > 0) punct[count - 1] = IGNORED;
  return { cut, punct, lostCuts: ends.size - foundCuts, lostMarks };
}
