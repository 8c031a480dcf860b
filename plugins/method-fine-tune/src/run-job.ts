import { capabilityOf } from '@zooid/common';
import { recoverModelFolder } from '@zooid/hub';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import { PluginError, type TrainingContext, type TrainingJob, type TrainingResult } from '@zooid/spec';
import { elementCount } from '@zooid/tensor';
import { TrainingTask } from '@zooid/trainer';
import { exportModel } from './export-model.js';
import type { FineTuneOptions } from './options.js';
import { type PreparedJob, prepareJob } from './prepare.js';
import { checkSelection, sourceOf, trainSession, validate } from './train-job.js';

/** Prepare, train, calibrate, export, evaluate: from a checked recipe to a model folder. */
export async function runJob(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
  const started = performance.now();
  const { progress, logger, signal } = context;
  const options = job.options as FineTuneOptions;
  const trainingTask = capabilityOf(job.app, TrainingTask);
  if (trainingTask === undefined) {
    throw new PluginError('method-fine-tune', `fine-tune cannot train '${job.app.name}': it offers no TrainingTask`);
  }
  await recoverModelFolder(job.output);

  progress({ type: 'stage', name: 'prepare' });
  const prepared = await prepareJob(job, { trainingTask, options, logger, signal });
  await using session = await openSession(job, prepared, options);
  await checkSelection(prepared, session, options);

  const source = sourceOf(prepared, options);
  progress({ type: 'stage', name: 'train', detail: describe(prepared, source.totalSteps) });
  const trained = await trainSession(job, prepared, session, source, context);

  progress({ type: 'stage', name: 'calibrate' });
  const calibration = await calibrate(prepared, session, options, signal);
  const metrics = await exportModel({ job, prepared, session, trainingTask, trained, calibration, context });
  progress({ type: 'done', output: job.output, metrics, seconds: (performance.now() - started) / 1000 });
  return { output: job.output, metrics };
}

function openSession(job: TrainingJob, prepared: PreparedJob, options: FineTuneOptions): Promise<TrainingSession> {
  const { beta1, beta2, epsilon, weightDecay, threads } = options;
  return createTrainingSession({
    parameters: prepared.parameters,
    programs: [prepared.programs.train, prepared.programs.evaluate],
    optimizer: { kind: 'adamw', beta1, beta2, epsilon, weightDecay },
    seed: job.seed,
    ...(threads === undefined ? {} : { threads }),
  });
}

/** What the app tunes on the validation answers of the best weights: config overrides. */
async function calibrate(
  prepared: PreparedJob,
  session: TrainingSession,
  options: FineTuneOptions,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { task, examples } = prepared;
  if (task.calibrate === undefined || examples.validation.length === 0) return {};
  const { answers } = await validate(prepared, session, options, { signal });
  return task.calibrate(answers, examples.validation);
}

function describe({ parameters, examples }: PreparedJob, totalSteps: number): string {
  const sizeOf = (kept: typeof parameters): number => kept.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const size = sizeOf(parameters);
  const trained = sizeOf(parameters.filter(({ group }) => group !== undefined));
  const share = trained === size ? '' : ` (${((100 * trained) / size).toFixed(1)} % of them trained)`;
  return `${(size / 1e6).toFixed(1)}M parameters${share}, ${examples.train.length} examples, ${totalSteps} steps`;
}
