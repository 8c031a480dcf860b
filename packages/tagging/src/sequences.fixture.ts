import { Random } from '@zooid/tensor';
import type { Moves } from './moves.js';

/** Every sequence of tags, in order. */
export function allSequences(size: number, length: number): number[][] {
  let sequences: number[][] = [[]];
  for (let i = 0; i < length; i++) {
    sequences = sequences.flatMap((sequence) => Array.from({ length: size }, (_, tag) => [...sequence, tag]));
  }
  return sequences;
}

/** Score of one sequence, the plain way; −∞ when a step is not legal. */
export function scoreOf(sequence: readonly number[], emissions: ArrayLike<number>, moves: Moves): number {
  const { size, transitions, start, end } = moves;
  return sequence.reduce(
    (score, tag, i) =>
      score +
      emissions[i * size + tag]! +
      (i === 0 ? start[tag]! : transitions[sequence[i - 1]! * size + tag]!) +
      (i === sequence.length - 1 ? end[tag]! : 0),
    0,
  );
}

export function normals(count: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => random.normal());
}
