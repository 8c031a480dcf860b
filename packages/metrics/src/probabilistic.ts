import { ValidationError } from '@zooid/common';
import { assertSameLength } from './same-length.js';

/** Below this a probability counts as this, so that one confident error does not make the loss infinite. */
const smallest = Number.EPSILON;

/**
 * Mean negative log probability of the gold label, in nats; NaN for none.
 *
 * @param gold index of the right label of each row.
 * @param probabilities one row of label probabilities per position.
 */
export function logLoss(gold: ArrayLike<number>, probabilities: readonly ArrayLike<number>[]): number {
  assertSameLength('log loss', gold, probabilities);
  let sum = 0;
  for (const [i, row] of probabilities.entries()) {
    const probability = row[gold[i]!];
    if (probability === undefined) {
      throw new ValidationError('log loss', [
        { path: `/gold/${i}`, message: `is ${gold[i]}, but the row has ${row.length} labels` },
      ]);
    }
    sum -= Math.log(Math.min(Math.max(probability, smallest), 1));
  }
  return sum / probabilities.length;
}

/** `exp` of the mean of negative log likelihoods (nats), one per token; NaN for none. */
export function perplexity(negativeLogLikelihoods: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < negativeLogLikelihoods.length; i++) sum += negativeLogLikelihoods[i]!;
  return Math.exp(sum / negativeLogLikelihoods.length);
}

/**
 * Expected calibration error: the gap between mean score and accuracy, averaged over `bins` equal-width bins of score,
 * weighted by how many fall in each. In [0, 1]; NaN for none.
 *
 * @param correct whether each prediction was right.
 * @param scores the probability each prediction was given, in [0, 1].
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3 (bins are `(a, b]`, 0 falls into the first)
 */
export function expectedCalibrationError(correct: readonly boolean[], scores: ArrayLike<number>, bins = 15): number {
  assertSameLength('calibration error', correct, scores);
  // With n the bin's size, n · |accuracy − score| is |hits − sum of scores|: one running sum per bin suffices.
  const gaps = new Float64Array(bins);
  for (const [i, right] of correct.entries()) {
    const bin = Math.min(Math.max(Math.ceil(scores[i]! * bins) - 1, 0), bins - 1);
    gaps[bin]! += (right ? 1 : 0) - scores[i]!;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / correct.length;
}
