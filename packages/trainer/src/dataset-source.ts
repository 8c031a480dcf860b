import { planBatches } from '@zooid/data';
import type { Random, TensorMap } from '@zooid/tensor';
import type { MicroBatch, ProgramSource, StepPlan } from './program-source.js';
import type { Features, PreparedTask } from './training-task.js';

/** Rows of one batch, before and after collation; what a method may add inputs from. */
export interface CollatedBatch {
  /** Positions in the data set. */
  readonly indices: readonly number[];
  readonly features: readonly Features[];
  readonly feeds: TensorMap;
  readonly random: Random;
}

export interface DatasetSourceOptions {
  readonly task: Pick<PreparedTask, 'collate' | 'lossWeight'>;
  readonly features: readonly Features[];
  /** Program of each batch: one name, or chosen per batch (length buckets, replacement patterns). */
  readonly program: string | ((batch: CollatedBatch, step: number) => string);
  /** Most rows in a micro-batch. */
  readonly batchSize: number;
  /** Most padded tokens (rows × longest) in a micro-batch. */
  readonly maxTokensPerBatch?: number | undefined;
  /**
   * Batches' worth of shuffled examples that are sorted by length together, default 50: more means less padding, but
   * batches that differ more from one another; 1 means none of either.
   */
  readonly sortWindow?: number | undefined;
  /** Micro-batches per update. */
  readonly accumulate: number;
  /** Passes over the data, or an exact number of updates. */
  readonly length: { readonly epochs: number } | { readonly steps: number };
  readonly random: Random;
  /** Rates per group at a 1-based step. */
  readonly learningRates: (step: number, totalSteps: number) => Readonly<Record<string, number>>;
  readonly scalars?: (step: number, totalSteps: number) => Readonly<Record<string, number>>;
  /** Inputs that the method adds to a batch: a teacher's logits, example weights, an attention bias. */
  readonly extend?: (batch: CollatedBatch) => TensorMap;
}

/**
 * Shuffled passes over one data set, in length-bucketed batches. Every shuffle and all collation noise are drawn from
 * the seed, the epoch and the batch's place, so any step can be planned without the ones before it.
 *
 * @throws RangeError when there is nothing to train on.
 */
export function datasetSource(options: DatasetSourceOptions): ProgramSource {
  const { task, features, accumulate } = options;
  if (features.length === 0) throw new RangeError('Expected at least one example to train on, found none');
  const lengths = features.map(({ length }) => length);
  const batchesOf = memoizeLast((epoch: number): readonly (readonly number[])[] => {
    const { batchSize, maxTokensPerBatch: maxTokens, sortWindow: window, random } = options;
    const limits = { ...(maxTokens !== undefined && { maxTokens }), ...(window !== undefined && { window }) };
    return planBatches(lengths, { batchSize, ...limits, random, epoch }).batches;
  });
  const epochEnds = countSteps(options.length, (epoch) => Math.ceil(batchesOf(epoch).length / accumulate));
  const totalSteps = epochEnds.at(-1)!;

  const microBatch = (indices: readonly number[], random: Random, step: number): MicroBatch => {
    const rows = indices.map((index) => features[index]!);
    const collated = {
      indices,
      features: rows,
      random,
      feeds: task.collate(rows, { training: true, labels: true, random }),
    };
    const batch =
      options.extend === undefined
        ? collated
        : { ...collated, feeds: { ...collated.feeds, ...options.extend(collated) } };
    return {
      program: typeof options.program === 'string' ? options.program : options.program(batch, step),
      feeds: batch.feeds,
      weight: task.lossWeight?.(rows) ?? rows.length,
      tokens: rows.reduce((sum, { length }) => sum + length, 0),
    };
  };

  return {
    totalSteps,
    epochEnds,
    plan(step): StepPlan {
      const epoch = epochEnds.findIndex((end) => step <= end);
      const first = (step - 1 - (epochEnds[epoch - 1] ?? 0)) * accumulate;
      return {
        epoch,
        microBatches: batchesOf(epoch)
          .slice(first, first + accumulate)
          .map((indices, i) => microBatch(indices, options.random.fork('collate', epoch, first + i), step)),
        learningRates: options.learningRates(step, totalSteps),
        ...(options.scalars === undefined ? {} : { scalars: options.scalars(step, totalSteps) }),
      };
    },
  };
}

/** The step after which each epoch ends; the last epoch may be cut short. */
function countSteps(length: DatasetSourceOptions['length'], stepsIn: (epoch: number) => number): number[] {
  const { epochs, steps } = { epochs: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY, ...length };
  const ends: number[] = [];
  let total = 0;
  for (let epoch = 0; epoch < epochs && total < steps; epoch++) {
    total = Math.min(steps, total + stepsIn(epoch));
    ends.push(total);
  }
  return ends;
}

function memoizeLast<T>(compute: (key: number) => T): (key: number) => T {
  let last: { readonly key: number; readonly value: T } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}
