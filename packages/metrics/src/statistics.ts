import { ValidationError } from '@zooid/common';

export interface BootstrapOptions {
  /** Resamples. Default 1000. */
  readonly samples?: number;
  /** Uniform in [0, 1); pass a seeded one, so that intervals can be reproduced. */
  readonly random: () => number;
  /** Default 0.95. */
  readonly confidence?: number;
}

/** A metric and where it would lie on other samples of the same size. */
export interface Interval {
  /** The metric on the examples as they are. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap interval of any metric: the metric is computed on resamples drawn with replacement, and the
 * middle `confidence` of the results is the interval. It covers the choice of examples, not that of training seeds.
 *
 * @param metric of a set of examples; called `samples + 1` times.
 * @throws ValidationError when there are no examples or an option is out of range.
 * @see Efron & Tibshirani 1993, "An Introduction to the Bootstrap", ch. 13
 */
export function bootstrapInterval<T>(
  metric: (examples: readonly T[]) => number,
  examples: readonly T[],
  options: BootstrapOptions,
): Interval {
  const { samples = 1000, random, confidence = 0.95 } = options;
  if (examples.length === 0 || !Number.isInteger(samples) || samples < 1 || !(confidence > 0 && confidence < 1)) {
    const message = `needs examples, samples ≥ 1 and 0 < confidence < 1; got ${examples.length}, ${samples}, ${confidence}`;
    throw new ValidationError('bootstrap interval', [{ path: '', message }]);
  }
  const resample = new Array<T>(examples.length);
  const results = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    for (let k = 0; k < resample.length; k++) resample[k] = examples[Math.floor(random() * examples.length)]!;
    results[i] = metric(resample);
  }
  results.sort();
  const tail = (1 - confidence) / 2;
  return { value: metric(examples), low: quantile(results, tail), high: quantile(results, 1 - tail) };
}

/** Mean and sample standard deviation (n − 1) of repeated runs; `sd` is 0 for a single one, NaN for none. */
export function meanAndSd(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, sd: 0 };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

/** Quantile with linear interpolation, as numpy's default. */
function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
