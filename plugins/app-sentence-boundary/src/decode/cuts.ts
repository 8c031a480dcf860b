import type { Passage } from '../text/passage.js';

/** The least length of sentences where nobody asks for another: what is scored is what is served. */
export const LEAST_LENGTH = 2;

export interface CutOptions {
  /** Probability from which a sentence ends. */
  readonly threshold: number;
  /** Places that a sentence has at least, unless what is written ends it. */
  readonly minLength: number;
  /** Places before this one were asked about earlier, and are none. Default 0. */
  readonly from?: number;
}

/**
 * Places inside a text where sentences end, rising: those that the text itself ends one at, and the likely ones. Of two that are
 * closer than `minLength` the likelier is taken, the first of equally likely ones; what the text says comes before both.
 *
 * @param probabilities by place
 */
export function chooseCuts({ count, isEnded }: Passage, probabilities: Float32Array, options: CutOptions): number[] {
  const { threshold, minLength, from = 0 } = options;
  const last = count - 1;
  const taken = new Uint8Array(count);
  const likely: number[] = [];
  for (let place = 0; place < last; place++) {
    if (isEnded[place] === 1) taken[place] = 1;
    else if (place >= from && probabilities[place]! >= threshold) likely.push(place);
  }
  likely.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  for (const place of likely) {
    if (place + 1 < minLength || last - place < minLength) continue;
    if (!isNear(taken, place, minLength)) taken[place] = 1;
  }
  const cuts: number[] = [];
  for (let place = 0; place < last; place++) if (taken[place] === 1) cuts.push(place);
  return cuts;
}

function isNear(taken: Uint8Array, place: number, distance: number): boolean {
  const end = Math.min(taken.length - 1, place + distance - 1);
  for (let i = Math.max(0, place - distance + 1); i <= end; i++) if (taken[i] === 1) return true;
  return false;
}
