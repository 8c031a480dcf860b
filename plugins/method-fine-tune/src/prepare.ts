import { type Logger, ValidationError } from '@zooid/common';
import { sha256 } from '@zooid/hub';
import { assertBaseVocabulary, isEncoderTensor, readBaseWeights } from '@zooid/method-kit';
import { type DeclaredParameter, type EncoderFamily, encoderFamily } from '@zooid/nn';
import type { ParameterDeclaration, TrainingProgram } from '@zooid/runtime';
import type { TrainingJob } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import {
  type CompiledProgram,
  compileProgram,
  declareParameters,
  type EncoderBuilder,
  type Features,
  mergeDeclared,
  type PreparedTask,
  type TrainingTask,
  taskModel,
} from '@zooid/trainer';
import { encoderConfigOf } from './encoder-config.js';
import { type JobExamples, readExamples } from './examples.js';
import { matcher } from './freeze.js';
import type { FineTuneOptions } from './options.js';

/** Everything a job needs before its first step. A function of the job alone, so that a resumed job prepares the same. */
export interface PreparedJob {
  readonly task: PreparedTask;
  readonly examples: JobExamples;
  readonly features: { readonly train: readonly Features[]; readonly validation: readonly Features[] };
  readonly encoder: EncoderBuilder;
  readonly programs: { readonly train: TrainingProgram; readonly evaluate: TrainingProgram };
  readonly parameters: readonly ParameterDeclaration[];
  readonly random: Random;
  /** Digest of what the app prepared; a resumed run must come to the same. */
  readonly digest: string;
}

export interface PrepareOptions {
  readonly trainingTask: TrainingTask;
  readonly options: FineTuneOptions;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ValidationError when the recipe, the data or the base model cannot be used; nothing has been trained then. */
export async function prepareJob(job: TrainingJob, context: PrepareOptions): Promise<PreparedJob> {
  const { trainingTask, options, logger, signal } = context;
  const random = new Random(job.seed);
  const encoderConfig = encoderConfigOf(job, options);
  if (job.base !== undefined) await assertBaseVocabulary(job.base);
  const examples = await readExamples(job, { task: trainingTask, signal });
  const task = await prepareTask(job, trainingTask, options, encoderConfig, examples, random);
  const family = encoderFamily(task.config);
  const config = family.parse(task.config);
  const featurize = (rows: readonly unknown[]) => rows.map((example) => task.featurize(example));
  const features = { train: featurize(examples.train), validation: featurize(examples.validation) };
  checkLengths(features.train, family.longestSequence(config));

  const encoder: EncoderBuilder = (builder) => family.build(builder, config);
  const frozen = matcher(options.freeze);
  const train = compileProgram({
    name: 'train',
    mode: 'train',
    build: taskModel(task, encoder, { loss: true }),
    trainable: (name) => !frozen.matches(name),
  });
  const evaluate = compileEvaluation(task, encoder, features.validation, random);
  const declared = [...mergeDeclared([...train.parameters, ...evaluate.parameters]).values()];
  frozen.checkUsed(declared.map(({ name }) => name));
  if (train.program.gradients.length === 0) {
    throw new ValidationError('recipe', [
      { path: '/train/freeze', message: 'freezes every parameter; nothing is left to train' },
    ]);
  }
  const weights = await baseWeights(job, { family, declared, options, logger, signal });
  return {
    task,
    examples,
    features,
    encoder,
    programs: { train: train.program, evaluate: evaluate.program },
    parameters: declareParameters({
      declared,
      random: random.fork('parameters'),
      groups: task.groups,
      frozen: frozen.matches,
      weights,
    }),
    random,
    digest: digestOf(task),
  };
}

async function prepareTask(
  job: TrainingJob,
  trainingTask: TrainingTask,
  options: FineTuneOptions,
  encoderConfig: Readonly<Record<string, unknown>>,
  examples: JobExamples,
  random: Random,
): Promise<PreparedTask> {
  if (options.keepHead) {
    if (job.base === undefined) {
      throw new ValidationError('recipe', [
        { path: '/train/keepHead', message: 'needs a base model trained for this app' },
      ]);
    }
    return trainingTask.restore(job.base.folder, job.appOptions);
  }
  return trainingTask.prepare(examples.train, {
    options: job.appOptions,
    encoderConfig,
    resources: job.data.resources,
    random: random.fork('prepare'),
    ...(job.base === undefined ? {} : { baseFolder: job.base.folder }),
  });
}

/** With the loss where the app gives labels to an evaluation batch, else without. */
function compileEvaluation(
  task: PreparedTask,
  encoder: EncoderBuilder,
  features: readonly Features[],
  random: Random,
): CompiledProgram {
  const compile = (loss: boolean) =>
    compileProgram({
      name: 'evaluate',
      mode: 'evaluate',
      build: taskModel(task, encoder, { loss }),
      outputs: task.outputs,
    });
  if (features.length === 0) return compile(false);
  const sample = task.collate(features.slice(0, 1), { training: false, labels: true, random: random.fork('probe') });
  const withLoss = compile(true);
  return withLoss.program.inputs.every(({ name }) => name in sample) ? withLoss : compile(false);
}

interface BaseWeightsRequest {
  readonly family: EncoderFamily;
  readonly declared: readonly DeclaredParameter[];
  readonly options: FineTuneOptions;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

async function baseWeights(job: TrainingJob, { family, declared, options, logger, signal }: BaseWeightsRequest) {
  if (job.base === undefined) return undefined;
  const { folder, config, id } = job.base;
  const { weights, fresh, unused } = await readBaseWeights({
    folder,
    config,
    declared,
    optional: (name) => !options.keepHead && !isEncoderTensor(name, family),
    allowMissing: matcher(options.allowMissing).matches,
    signal,
  });
  logger.info({ base: id, loaded: weights.size, fresh, unused }, 'base weights loaded');
  return weights;
}

function checkLengths(features: readonly Features[], limit: number): void {
  const longest = features.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > limit) {
    throw new ValidationError('training data', [
      {
        path: '',
        message: `has an example of ${longest} tokens, but the encoder serves ${limit}; truncate in the app's options or raise max_position_embeddings`,
      },
    ]);
  }
}

function digestOf(task: PreparedTask): string {
  const files = [...task.files].map(([path, content]) => `${path} ${sha256(content)}\n`).sort();
  return sha256(JSON.stringify(task.config) + files.join(''));
}
