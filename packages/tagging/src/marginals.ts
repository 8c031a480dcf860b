import type { Moves } from './moves.js';

/** Smallest sum that a step is divided by: rounding may leave nothing where all that is likely is not legal. */
const TINY = 1e-300;

/**
 * How likely each tag is at each position, over all legal sequences weighted by the exponential of their score: forward
 * and backward sums, scaled to 1 at every position.
 *
 * @param emissions `[length · moves.size]`, in natural logarithms.
 * @returns `[length · moves.size]`; a position's probabilities sum to 1.
 */
export function marginals(
  emissions: ArrayLike<number>,
  { size, transitions, start, end, before, beforeAt }: Moves,
): Float64Array {
  const length = emissions.length / size;
  const forward = new Float64Array(length * size);
  if (length === 0) return forward;
  const weight = transitions.map(Math.exp);
  const local = likelihoods(emissions, size);

  for (let tag = 0; tag < size; tag++) forward[tag] = Math.exp(start[tag]!) * local[tag]!;
  scale(forward, 0, size);
  for (let position = 1; position < length; position++) {
    const base = position * size;
    for (let tag = 0; tag < size; tag++) {
      let sum = 0;
      for (let k = beforeAt[tag]!; k < beforeAt[tag + 1]!; k++) {
        const previous = before[k]!;
        sum += forward[base - size + previous]! * weight[previous * size + tag]!;
      }
      forward[base + tag] = sum * local[base + tag]!;
    }
    scale(forward, base, size);
  }

  let backward = Float64Array.from(end, Math.exp);
  let earlier = new Float64Array(size);
  for (let position = length - 1; position >= 0; position--) {
    const base = position * size;
    if (position < length - 1) {
      earlier.fill(0);
      for (let tag = 0; tag < size; tag++) {
        const after = backward[tag]! * local[base + size + tag]!;
        for (let k = beforeAt[tag]!; k < beforeAt[tag + 1]!; k++) {
          const previous = before[k]!;
          earlier[previous]! += weight[previous * size + tag]! * after;
        }
      }
      scale(earlier, 0, size);
      [backward, earlier] = [earlier, backward];
    }
    for (let tag = 0; tag < size; tag++) forward[base + tag]! *= backward[tag]!;
    scale(forward, base, size);
  }
  return forward;
}

/** `exp(emission − highest of its position)`, so that nothing overflows. */
function likelihoods(emissions: ArrayLike<number>, size: number): Float64Array {
  const result = new Float64Array(emissions.length);
  for (let base = 0; base < emissions.length; base += size) {
    let peak = Number.NEGATIVE_INFINITY;
    for (let tag = 0; tag < size; tag++) peak = Math.max(peak, emissions[base + tag]!);
    for (let tag = 0; tag < size; tag++) result[base + tag] = Math.exp(emissions[base + tag]! - peak);
  }
  return result;
}

function scale(values: Float64Array, base: number, size: number): void {
  let sum = 0;
  for (let i = base; i < base + size; i++) sum += values[i]!;
  const factor = 1 / Math.max(sum, TINY);
  for (let i = base; i < base + size; i++) values[i]! *= factor;
}
