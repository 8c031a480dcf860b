import { assertSameLength } from './same-length.js';

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann–Whitney). NaN
 * when either class is missing.
 */
export function rocAuc(gold: readonly boolean[], scores: ArrayLike<number>): number {
  assertSameLength('ROC AUC', gold, scores);
  const rank = ranks(scores);
  let positives = 0;
  let positiveRanks = 0;
  for (const [i, positive] of gold.entries()) {
    if (!positive) continue;
    positives++;
    positiveRanks += rank[i]!;
  }
  const negatives = gold.length - positives;
  return (positiveRanks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Linear correlation in [-1, 1]; NaN when one side is constant or shorter than two. */
export function pearsonCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertSameLength('Pearson correlation', a, b);
  const meanA = mean(a);
  const meanB = mean(b);
  let covariance = 0;
  let varianceA = 0;
  let varianceB = 0;
  for (let i = 0; i < a.length; i++) {
    const da = a[i]! - meanA;
    const db = b[i]! - meanB;
    covariance += da * db;
    varianceA += da * da;
    varianceB += db * db;
  }
  return covariance / Math.sqrt(varianceA * varianceB);
}

/** Pearson correlation of ranks; ties share their mean rank. NaN when one side is constant. */
export function spearmanCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearsonCorrelation(ranks(a), ranks(b));
}

/** 1-based ranks; equal values share the mean of theirs. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((x, y) => values[x]! - values[y]!);
  const result = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let k = start; k < end; k++) result[order[k]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
