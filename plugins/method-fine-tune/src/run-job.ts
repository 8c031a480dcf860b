import { join } from 'node:path';
import { capabilityOf } from '@zooid/common';
import { recoverModelFolder, runFolder } from '@zooid/hub';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import { PluginError, type TrainingContext, type TrainingJob, type TrainingResult } from '@zooid/spec';
import {
  datasetSource,
  type EvaluationResult,
  evaluateTask,
  type ProgramSource,
  type RunConfig,
  TrainingTask,
  train,
} from '@zooid/trainer';
import { exportModel } from './export-model.js';
import { learningRates } from './learning-rates.js';
import { type FineTuneOptions, operationalOptions } from './options.js';
import { type PreparedJob, prepareJob } from './prepare.js';

/** Prepare, train, calibrate, export, evaluate: from a checked recipe to a model folder. */
export async function runJob(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
  const started = performance.now();
  const { progress, logger, signal } = context;
  const options = job.options as FineTuneOptions;
  const trainingTask = capabilityOf(job.app, TrainingTask);
  if (trainingTask === undefined)
    throw new PluginError('method-fine-tune', `fine-tune cannot train '${job.app.name}': it offers no TrainingTask`);
  await recoverModelFolder(job.output);

  progress({ type: 'stage', name: 'prepare' });
  const prepared = await prepareJob(job, {
    trainingTask,
    options,
    logger,
    ...(signal === undefined ? {} : { signal }),
  });
  await using session = await createTrainingSession({
    parameters: prepared.parameters,
    programs: [prepared.programs.train, prepared.programs.evaluate],
    optimizer: {
      kind: 'adamw',
      beta1: options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      weightDecay: options.weightDecay,
    },
    seed: job.seed,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });

  const source = sourceOf(job, prepared, options);
  progress({ type: 'stage', name: 'train', detail: describe(prepared, source) });
  await trainSession(job, prepared, session, source, context);

  progress({ type: 'stage', name: 'calibrate' });
  const { task, examples } = prepared;
  const calibration =
    task.calibrate === undefined || examples.validation.length === 0
      ? {}
      : task.calibrate((await validate(prepared, session, options, signal)).answers, examples.validation);

  const metrics = await exportModel({ job, prepared, session, trainingTask, calibration, context });
  progress({ type: 'done', output: job.output, metrics, seconds: (performance.now() - started) / 1000 });
  return { output: job.output, metrics };
}

function sourceOf(job: TrainingJob, { task, features, random }: PreparedJob, options: FineTuneOptions): ProgramSource {
  return datasetSource({
    task,
    features: features.train,
    program: 'train',
    batchSize: options.batchSize,
    ...(options.maxTokensPerBatch === undefined ? {} : { maxTokensPerBatch: options.maxTokensPerBatch }),
    accumulate: options.accumulate,
    length: options.maxSteps === undefined ? { epochs: options.epochs } : { steps: options.maxSteps },
    random: random.fork('train'),
    learningRates: learningRates(
      options,
      task.groups.map(({ name }) => name),
      job.base !== undefined,
    ),
  });
}

async function trainSession(
  job: TrainingJob,
  prepared: PreparedJob,
  session: TrainingSession,
  source: ProgramSource,
  { progress, logger, signal }: TrainingContext,
): Promise<void> {
  const options = job.options as FineTuneOptions;
  const validates = prepared.features.validation.length > 0;
  await train({
    session,
    source,
    directory: join(job.output, runFolder),
    title: `${job.app.name}: ${job.output.split(/[\\/]/).at(-1)}`,
    config: runConfig(job, prepared),
    seed: job.seed,
    resume: job.resume,
    checkpoints: { everySeconds: options.checkpointSeconds },
    skipTolerance: options.skipTolerance,
    logger,
    onEvent: progress,
    ...(signal === undefined ? {} : { signal }),
    ...(options.clipNorm === 0 ? {} : { clipNorm: options.clipNorm }),
    ...(validates
      ? {
          evaluation: {
            split: 'validation',
            every: options.evaluateEvery ?? 'epoch',
            run: async () => (await validate(prepared, session, options, signal)).metrics,
          },
          select: {
            ...(options.metric === undefined ? {} : { metric: options.metric }),
            ...(options.mode === undefined ? {} : { mode: options.mode }),
            ...(options.patience === undefined ? {} : { patience: options.patience }),
          },
        }
      : {}),
  });
}

/** The session's present weights on the validation split. */
function validate(
  prepared: PreparedJob,
  session: TrainingSession,
  options: FineTuneOptions,
  signal?: AbortSignal,
): Promise<EvaluationResult> {
  const { task, examples, features, programs, random } = prepared;
  return evaluateTask({
    task,
    examples: examples.validation,
    features: features.validation,
    forward: (feeds, fetch) => session.evaluate(programs.evaluate.name, feeds, fetch),
    ...(programs.evaluate.loss === undefined ? {} : { loss: programs.evaluate.loss }),
    batchSize: options.batchSize,
    ...(options.maxTokensPerBatch === undefined ? {} : { maxTokensPerBatch: options.maxTokensPerBatch }),
    random: random.fork('validate'),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What must not change between a run and its resumption. */
function runConfig(job: TrainingJob, prepared: PreparedJob): RunConfig {
  const { train: options, ...recipe } = job.recipe;
  const operational: readonly string[] = operationalOptions;
  const decisive = Object.fromEntries(
    Object.entries(options ?? job.options).filter(([key]) => !operational.includes(key)),
  );
  const { train, validation, test } = job.data;
  return {
    recipe: { ...recipe, train: decisive },
    seed: job.seed,
    base: job.base?.revision,
    data: { train: train.digest, validation: validation?.digest, test: test?.digest },
    prepared: prepared.digest,
  };
}

function describe({ parameters, examples }: PreparedJob, { totalSteps }: ProgramSource): string {
  const size = parameters.reduce((sum, { data }) => sum + data.length, 0);
  return `${(size / 1e6).toFixed(1)}M parameters, ${examples.train.length} examples, ${totalSteps} steps`;
}
