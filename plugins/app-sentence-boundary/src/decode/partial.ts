import { cutAt, type Passage } from '../text/passage.js';
import type { Decoded } from './decode.js';

/** Most places of a running sentence: beyond them it is cut where that is likeliest, so that no stream has to be kept whole. */
export const LONGEST_SENTENCE = 512;

export interface PartialOptions {
  /** Places that must follow before a cut is final. */
  readonly rightContext: number;
  readonly minLength: number;
  /** The speaker has stopped for now: what is there is judged without more. */
  readonly pause: boolean;
  /** Probability from which the whole text ends a sentence, after a pause. */
  readonly threshold: number;
}

/**
 * The places after which the sentences of a partial result are final, rising. More text cannot take them back, because they are
 * never asked about again. Without a pause a cut needs places to its right, for what follows decides on it as much as what
 * precedes.
 */
export function finalCuts(passage: Passage, { cuts, ends }: Decoded, options: PartialOptions): number[] {
  const { rightContext, minLength, pause, threshold } = options;
  const { count, isEnded } = passage;
  const last = count - 1;
  const needed = Math.max(rightContext, minLength);
  // What is written needs no more than that its closing marks are over.
  const isFinal = (place: number): boolean => pause || last - place >= (isEnded[place] === 1 ? 1 : needed);
  const final = withinLimit(cuts.filter(isFinal), ends, count, needed);
  if (pause && last >= 0 && (isEnded[last] === 1 || ends[last]! >= threshold)) final.push(last);
  return final;
}

/** Cuts sentences that are too long, at the likeliest place of their second half. */
function withinLimit(cuts: readonly number[], ends: Float32Array, count: number, rightContext: number): number[] {
  const result: number[] = [];
  let start = 0;
  for (const cut of [...cuts, count - 1]) {
    while (cut + 1 - start > LONGEST_SENTENCE + rightContext) {
      let best = start + LONGEST_SENTENCE - 1;
      for (let place = start + (LONGEST_SENTENCE >> 1); place < start + LONGEST_SENTENCE; place++) {
        if (ends[place]! > ends[best]!) best = place;
      }
      result.push(best);
      start = best + 1;
    }
    if (cut < count - 1) {
      result.push(cut);
      start = cut + 1;
    }
  }
  return result;
}

/** UTF-16 index up to which a partial result is final. */
export const committedBy = (passage: Passage, final: readonly number[]): number =>
  final.length === 0 ? 0 : cutAt(passage, final.at(-1)!);
