import { ValidationError } from '@zooid/common';
import type { Random } from '@zooid/tensor';

export interface BatchPlanOptions {
  /** Most examples in a batch. */
  readonly batchSize: number;
  /** Most tokens in a batch, padding included; a longer single example is a batch of its own. Default: no limit. */
  readonly maxTokens?: number;
  /** Used only through `fork`, so that a plan depends on its seed and `epoch` alone. */
  readonly random: Random;
  /** Counts from 0. */
  readonly epoch: number;
  /**
   * How many batches' worth of shuffled examples are sorted by length together. More means less padding, but batches
   * that differ more from one another; 1 means no sorting. Default 50.
   */
  readonly window?: number;
}

/** One epoch: which examples go through together, in what order. */
export interface BatchPlan {
  /** Every index exactly once. */
  readonly batches: readonly (readonly number[])[];
  /** Tokens of the examples. */
  readonly tokens: number;
  /** Tokens computed, when each batch is padded to its longest example. */
  readonly paddedTokens: number;
  /** Share of computed tokens that is padding, in [0, 1). */
  readonly paddingShare: number;
}

/**
 * Plans an epoch of batches of near lengths in seeded random order. The same lengths, seed and epoch give the same plan,
 * so a run that resumes at batch k of an epoch plans that epoch again and continues at k.
 *
 * @param lengths tokens of each example.
 * @throws ValidationError when an option is out of range.
 */
export function planBatches(lengths: ArrayLike<number>, options: BatchPlanOptions): BatchPlan {
  const { batchSize, maxTokens = Number.POSITIVE_INFINITY, epoch, window = 50 } = options;
  checkPositive({ batchSize, window, ...(options.maxTokens === undefined ? {} : { maxTokens }) });
  const random = options.random.fork('batches', epoch);
  const order = random.shuffle(Uint32Array.from({ length: lengths.length }, (_, i) => i));

  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += batchSize * window) {
    // Ties keep their shuffled order: the sort is stable.
    const near = order.subarray(start, start + batchSize * window);
    if (window > 1) near.sort((a, b) => lengths[b]! - lengths[a]!);
    pack(near, lengths, batchSize, maxTokens, batches);
  }
  random.shuffle(batches);
  return { batches, ...padding(batches, lengths) };
}

/** Cuts `order` into batches. */
function pack(
  order: Uint32Array,
  lengths: ArrayLike<number>,
  batchSize: number,
  maxTokens: number,
  batches: number[][],
): void {
  let batch: number[] = [];
  let longest = 0;
  for (const index of order) {
    const padded = Math.max(longest, lengths[index]!);
    if (batch.length === batchSize || (batch.length > 0 && padded * (batch.length + 1) > maxTokens)) {
      batches.push(batch);
      batch = [];
      longest = 0;
    }
    batch.push(index);
    longest = Math.max(longest, lengths[index]!);
  }
  if (batch.length > 0) batches.push(batch);
}

function padding(
  batches: readonly (readonly number[])[],
  lengths: ArrayLike<number>,
): Pick<BatchPlan, 'tokens' | 'paddedTokens' | 'paddingShare'> {
  let tokens = 0;
  let paddedTokens = 0;
  for (const batch of batches) {
    let longest = 0;
    for (const index of batch) {
      tokens += lengths[index]!;
      longest = Math.max(longest, lengths[index]!);
    }
    paddedTokens += longest * batch.length;
  }
  return { tokens, paddedTokens, paddingShare: paddedTokens === 0 ? 0 : 1 - tokens / paddedTokens };
}

function checkPositive(options: Readonly<Record<string, number>>): void {
  const issues = Object.entries(options)
    .filter(([, value]) => !Number.isInteger(value) || value < 1)
    .map(([name, value]) => ({ path: `/${name}`, message: `must be a whole number of at least 1, got ${value}` }));
  if (issues.length > 0) throw new ValidationError('batch plan', issues);
}
