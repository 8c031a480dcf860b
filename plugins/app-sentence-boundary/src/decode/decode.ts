import type { Mode } from '../options.js';
import type { Reading } from '../reading.js';
import type { Passage } from '../text/passage.js';
import { type CutOptions, chooseCuts } from './cuts.js';
import { chooseMarks, cutsOfMarks, endProbabilities, type PlacedMark } from './marks.js';

export interface DecodeOptions extends CutOptions {
  readonly mode: Mode;
  readonly marks: readonly string[];
}

export interface Decoded {
  /** Places inside the text where sentences end, rising. */
  readonly cuts: readonly number[];
  /** Marks to write, in order; none in the mode `cut`. */
  readonly chosen: readonly PlacedMark[];
  /** By place: the probability that a sentence ends. */
  readonly ends: Float32Array;
}

/** From what the model says of a text to its sentences. */
export function decode(passage: Passage, reading: Reading, options: DecodeOptions): Decoded {
  if (options.mode === 'cut') {
    const ends = reading.cut!;
    return { cuts: chooseCuts(passage, ends, options), chosen: [], ends };
  }
  const chosen = chooseMarks(passage, reading.punct!, options);
  return { cuts: cutsOfMarks(passage, chosen), chosen, ends: endProbabilities(reading.punct!, options.marks) };
}

/**
 * How likely it is that the utterance is finished: certain where the text says so itself, with an end mark or with one after which
 * it must go on, else the probability that a sentence ends with the last unit.
 */
export function completeness({ count, isEnded, isMarked }: Passage, ends: Float32Array): number {
  const last = count - 1;
  if (last < 0) return 0;
  if (isEnded[last] === 1) return 1;
  return isMarked[last] === 1 ? 0 : ends[last]!;
}
