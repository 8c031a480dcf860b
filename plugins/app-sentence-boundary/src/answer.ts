import type { PlacedMark } from './decode/marks.js';
import { withMarks } from './decode/marks.js';
import type { Mode } from './options.js';
import { cutAt, type Passage } from './text/passage.js';

/** A sentence of the text, `[start, end)` in UTF-16 units, with the white space after it. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The same offsets in code points, when asked for. */
  readonly codePoints?: readonly [number, number];
  /** With the marks that it lacked, in the mode `punct`. */
  readonly punctuated?: string;
}

export interface SentenceOutput {
  readonly mode: Mode;
  /** Joined they are the text; of a partial result those that are final, after `committed`. */
  readonly sentences: readonly Sentence[];
  /** The text with the marks that it lacked, in the mode `punct`; of a partial result from `committed` on. */
  readonly text?: string;
  /** Probability that the utterance is finished. */
  readonly isComplete: number;
  /** Of a partial result: what is not final. */
  readonly rest?: string;
  /** Of a partial result: what to send with the text when it has grown. */
  readonly partial?: { readonly committed: number; readonly settled: number };
}

/** A passage that is the end of a text. */
export interface Tail {
  readonly passage: Passage;
  /** Where it starts in the text: UTF-16 units, and code points when they are asked for. */
  readonly offset: number;
  readonly codePoints: number | undefined;
}

const SENTENCES_PER_STEP = 1024;

/**
 * The sentences that end after the given places, in order, pausing now and then.
 *
 * @param chosen marks of the mode `punct`, in order; absent in the mode `cut`
 */
export function* sentencesAfter(
  { passage, offset, codePoints }: Tail,
  cuts: readonly number[],
  chosen: readonly PlacedMark[] | undefined,
): Generator<number, Sentence[]> {
  const { text } = passage.units;
  const sentences: Sentence[] = [];
  let start = 0;
  let mark = 0;
  let codePoint = codePoints ?? 0;
  for (const cut of cuts) {
    const end = cutAt(passage, cut);
    const of = text.slice(start, end);
    const firstMark = mark;
    while (chosen !== undefined && mark < chosen.length && chosen[mark]!.place <= cut) mark++;
    const next = codePoint + (codePoints === undefined ? 0 : codePointCount(of));
    sentences.push({
      text: of,
      start: offset + start,
      end: offset + end,
      ...(codePoints !== undefined && { codePoints: [codePoint, next] as const }),
      ...(chosen !== undefined && { punctuated: withMarks(passage, chosen.slice(firstMark, mark), { start, end }) }),
    });
    start = end;
    codePoint = next;
    if (sentences.length % SENTENCES_PER_STEP === 0) yield 4 * SENTENCES_PER_STEP;
  }
  return sentences;
}

/** Code points of well-formed text. */
export function codePointCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}
