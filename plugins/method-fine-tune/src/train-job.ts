import { basename, join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { runFolder } from '@zooid/hub';
import type { TrainingSession } from '@zooid/runtime';
import type { TrainingContext, TrainingJob } from '@zooid/spec';
import {
  datasetSource,
  type EvaluationResult,
  evaluateTask,
  type ProgramSource,
  type RunConfig,
  type TrainResult,
  train,
} from '@zooid/trainer';
import { learningRates } from './learning-rates.js';
import { type FineTuneOptions, operationalOptions } from './options.js';
import type { PreparedJob } from './prepare.js';

/** Shuffled passes over the training split. */
export function sourceOf(prepared: PreparedJob, options: FineTuneOptions): ProgramSource {
  const { task, features, parameters, peakRates, random } = prepared;
  const groups = new Set(parameters.flatMap(({ group }) => group ?? []));
  const peaks = [...peakRates].filter(([group]) => groups.has(group));
  return datasetSource({
    task,
    features: features.train,
    program: prepared.programs.train.name,
    batchSize: options.batchSize,
    maxTokensPerBatch: options.maxTokensPerBatch,
    sortWindow: options.sortWindow,
    accumulate: options.accumulate,
    length: options.maxSteps === undefined ? { epochs: options.epochs } : { steps: options.maxSteps },
    random: random.fork('train'),
    learningRates: learningRates(options, Object.fromEntries(peaks)),
  });
}

export function trainSession(
  job: TrainingJob,
  prepared: PreparedJob,
  session: TrainingSession,
  source: ProgramSource,
  { progress, logger, signal }: TrainingContext,
): Promise<TrainResult> {
  const options = job.options as FineTuneOptions;
  const { metric, mode, patience } = options;
  const validates = prepared.features.validation.length > 0;
  if (!validates) logger.warn({}, 'there is no validation split: the last weights are kept, not the best');
  return train({
    session,
    source,
    directory: join(job.output, runFolder),
    title: `${job.app.name}: ${basename(job.output)}`,
    config: runConfig(job, prepared),
    seed: job.seed,
    resume: job.resume,
    clipNorm: options.clipNorm === 0 ? undefined : options.clipNorm,
    checkpoints: { everySeconds: options.checkpointSeconds },
    skipTolerance: options.skipTolerance,
    evaluation: validates
      ? {
          split: 'validation',
          every: options.evaluateEvery ?? 'epoch',
          run: async () => (await validate(prepared, session, options, { signal })).metrics,
        }
      : undefined,
    select: validates ? { metric, mode, patience } : undefined,
    logger,
    signal,
    onEvent: progress,
  });
}

/** Answers and metrics of the session's present weights on the validation split, or its first `limit` examples. */
export function validate(
  { task, examples, features, programs, random }: PreparedJob,
  session: TrainingSession,
  options: FineTuneOptions,
  { signal, limit }: { readonly signal?: AbortSignal | undefined; readonly limit?: number } = {},
): Promise<EvaluationResult> {
  return evaluateTask({
    task,
    examples: examples.validation.slice(0, limit),
    features: features.validation.slice(0, limit),
    forward: (feeds, fetch) => session.evaluate(programs.evaluate.name, feeds, fetch),
    loss: programs.evaluate.loss,
    batchSize: options.batchSize,
    maxTokensPerBatch: options.maxTokensPerBatch,
    random: random.fork('validate'),
    signal,
  });
}

/**
 * Evaluates a few examples, so that a metric that does not exist is found before an epoch has been trained.
 * @throws ValidationError naming the metrics there are.
 */
export async function checkSelection(
  prepared: PreparedJob,
  session: TrainingSession,
  options: FineTuneOptions,
): Promise<void> {
  if (options.metric === undefined || prepared.features.validation.length === 0) return;
  const { metrics } = await validate(prepared, session, options, { limit: 4 });
  if (options.metric in metrics) return;
  throw new ValidationError('recipe', [
    { path: '/train/metric', message: `must be one of ${Object.keys(metrics).join(', ')}, got '${options.metric}'` },
  ]);
}

/** What must not change between a run and its resumption. */
function runConfig(job: TrainingJob, prepared: PreparedJob): RunConfig {
  const { train: section, ...recipe } = job.recipe;
  const operational: readonly string[] = operationalOptions;
  const options = Object.entries(section ?? job.options).filter(([key]) => !operational.includes(key));
  const { train: training, validation, test } = job.data;
  return {
    recipe: { ...recipe, train: Object.fromEntries(options) },
    seed: job.seed,
    base: job.base?.revision,
    data: { train: training.digest, validation: validation?.digest, test: test?.digest },
    prepared: prepared.digest,
  };
}
