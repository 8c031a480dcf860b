import { isEndMark } from '../text/marks.js';
import { afterClosing, markOffset, type Passage } from '../text/passage.js';

/** A mark to write after the unit before `place`. */
export interface PlacedMark {
  readonly place: number;
  readonly mark: string;
}

/**
 * The marks that a text lacks, in order: at every place that has none yet, the likeliest mark, where any is at least as likely as
 * the threshold.
 *
 * @param probabilities `count × (1 + marks)`, of none first
 */
export function chooseMarks(
  { count, isMarked }: Passage,
  probabilities: Float32Array,
  { marks, threshold }: { readonly marks: readonly string[]; readonly threshold: number },
): PlacedMark[] {
  const classes = marks.length + 1;
  const chosen: PlacedMark[] = [];
  for (let place = 0; place < count; place++) {
    const at = place * classes;
    if (isMarked[place] === 1 || 1 - probabilities[at]! < threshold) continue;
    let best = 1;
    for (let i = 2; i < classes; i++) if (probabilities[at + i]! > probabilities[at + best]!) best = i;
    chosen.push({ place, mark: marks[best - 1]! });
  }
  return chosen;
}

/** Places inside the text where sentences end, rising: by the marks that were chosen and by what is written. */
export function cutsOfMarks(passage: Passage, chosen: readonly PlacedMark[]): number[] {
  const cuts = new Set<number>();
  passage.isEnded.forEach((flag, place) => {
    if (flag === 1) cuts.add(place);
  });
  for (const { place, mark } of chosen) if (isEndMark(mark)) cuts.add(afterClosing(passage, place));
  return Array.from(cuts)
    .filter((place) => place < passage.count - 1)
    .sort((a, b) => a - b);
}

/** By place: the probability that a sentence ends there, whatever its mark. */
export function endProbabilities(probabilities: Float32Array, marks: readonly string[]): Float32Array {
  const classes = marks.length + 1;
  const ends = marks.flatMap((mark, i) => (isEndMark(mark) ? [i + 1] : []));
  const result = new Float32Array(probabilities.length / classes);
  for (let place = 0; place < result.length; place++) {
    for (const end of ends) result[place]! += probabilities[place * classes + end]!;
  }
  return result;
}

/** `[start, end)` of the text with the marks written into it; `start` and `end` are UTF-16 indices. */
export function withMarks(
  passage: Passage,
  chosen: Iterable<PlacedMark>,
  { start, end }: { readonly start: number; readonly end: number },
): string {
  const { text } = passage.units;
  const parts: string[] = [];
  let at = start;
  for (const { place, mark } of chosen) {
    const offset = markOffset(passage, place);
    parts.push(text.slice(at, offset), mark);
    at = offset;
  }
  parts.push(text.slice(at, end));
  return parts.join('');
}
