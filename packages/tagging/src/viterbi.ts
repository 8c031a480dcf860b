import type { Moves } from './moves.js';

/**
 * The tags of the highest total score along legal moves (Viterbi 1967), exactly; of equal ones the lowest tag at the
 * last place where they differ. Time is in proportion to length × legal moves.
 *
 * @param emissions `[length · moves.size]`: scores of each tag at each position, such as log probabilities.
 * @returns `[length]` tag ids.
 */
export function viterbi(
  emissions: ArrayLike<number>,
  { size, transitions, start, end, before, beforeAt }: Moves,
): Int32Array {
  const length = emissions.length / size;
  const path = new Int32Array(length);
  if (length === 0) return path;
  const from = new Int32Array(length * size);
  let scores = Float64Array.from(start, (score, tag) => score + emissions[tag]!);
  let next = new Float64Array(size);
  for (let position = 1; position < length; position++) {
    const base = position * size;
    for (let tag = 0; tag < size; tag++) {
      let best = Number.NEGATIVE_INFINITY;
      let bestFrom = 0;
      for (let k = beforeAt[tag]!; k < beforeAt[tag + 1]!; k++) {
        const previous = before[k]!;
        const score = scores[previous]! + transitions[previous * size + tag]!;
        if (score > best) [best, bestFrom] = [score, previous];
      }
      next[tag] = best + emissions[base + tag]!;
      from[base + tag] = bestFrom;
    }
    [scores, next] = [next, scores];
  }
  let tag = 0;
  for (let i = 1; i < size; i++) if (scores[i]! + end[i]! > scores[tag]! + end[tag]!) tag = i;
  for (let position = length - 1; position >= 0; position--) {
    path[position] = tag;
    tag = from[position * size + tag]!;
  }
  return path;
}
