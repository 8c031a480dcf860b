import { type Logger, ValidationError } from '@zooid/common';
import { sha256 } from '@zooid/hub';
import { assertBaseVocabulary } from '@zooid/method-kit';
import { type DeclaredParameter, encoderFamily, GraphBuilder } from '@zooid/nn';
import type { ParameterDeclaration, TrainingProgram } from '@zooid/runtime';
import type { TrainingJob } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import {
  type CompiledProgram,
  compileProgram,
  declareParameters,
  type EncoderBuilder,
  type Features,
  type ModelBuilder,
  mergeDeclared,
  type PreparedTask,
  type TrainingTask,
  taskModel,
} from '@zooid/trainer';
import { encoderConfigOf } from './encoder-config.js';
import { type JobExamples, readExamples } from './examples.js';
import { importedBase } from './imported-base.js';
import { matcher } from './matcher.js';
import type { FineTuneOptions } from './options.js';
import { type RateGroups, rateGroups } from './rate-groups.js';
import { startWeights } from './start-weights.js';
import { readAdapter } from './tuning/read-adapter.js';
import { type Tuning, tunedConfig, tuningKinds, tuningOf } from './tuning/tuning.js';

type Network = Pick<PreparedTask, 'head' | 'loss'>;

/** Everything a job needs before its first step. A function of the job alone, so that a resumed job prepares the same. */
export interface PreparedJob {
  readonly task: PreparedTask;
  readonly examples: JobExamples;
  readonly features: { readonly train: readonly Features[]; readonly validation: readonly Features[] };
  /** `config.json` of the result, before calibration. */
  readonly modelConfig: Readonly<Record<string, unknown>>;
  readonly tuning: Tuning;
  /** What goes on the encoder: the app's head and loss, or the head of an imported graph. */
  readonly network: Network;
  /** The encoder of the result: without what tuning adds for training alone. */
  readonly plainEncoder: EncoderBuilder;
  /** Paths of its linear layers. */
  readonly linearLayers: readonly string[];
  readonly programs: { readonly train: TrainingProgram; readonly evaluate: TrainingProgram };
  readonly parameters: readonly ParameterDeclaration[];
  /** Peak learning rates by optimizer group. */
  readonly peakRates: RateGroups['peaks'];
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
  if (job.base === undefined) refuseWithoutBase(job, options);
  const encoderConfig = encoderConfigOf(job, options);
  if (job.base !== undefined) await assertBaseVocabulary(job.base);
  const examples = await readExamples(job, { task: trainingTask, signal });
  const task = await prepareTask(job, trainingTask, options, encoderConfig, examples, random);
  const modelConfig = tunedConfig(task.config, options);
  const family = task.encoderFamily ?? encoderFamily(modelConfig);
  const config = family.parse(modelConfig);
  const featurize = (rows: readonly unknown[]) => rows.map((example) => task.featurize(example));
  const features = { train: featurize(examples.train), validation: featurize(examples.validation) };
  checkLengths(features.train, family.longestSequence(config));

  const imported = await importedBase(job, task, options);
  const explain = <T>(compile: () => T): T => (imported === undefined ? compile() : imported.explain(compile));
  const network = imported?.network ?? task;
  const plainEncoder: EncoderBuilder = imported?.encoder ?? ((builder) => family.build(builder, config));
  const outline = explain(() => outlineOf(network, plainEncoder));
  const adapterFile = job.data.resources.adapter;
  const adapter =
    adapterFile === undefined
      ? undefined
      : await readAdapter(adapterFile, { family, declared: outline.declared, alpha: options.adapterAlpha, signal });
  const { linearLayers } = outline;
  const tuning = tuningOf(options, { family, config, layers: linearLayers, adapter: adapter?.plan });
  const encoder: EncoderBuilder =
    imported?.encoder ?? ((builder) => family.build(builder, config, {}, tuning.hooks(builder)));
  const frozen = matcher(options.freeze, { at: '/train/freeze' });
  const isTrained = (name: string): boolean => tuning.trains(name) && !frozen.matches(name);
  const train = explain(() =>
    compileProgram({
      name: 'train',
      mode: 'train',
      build: taskModel(network, encoder, { loss: true }),
      trainable: isTrained,
      recompute: options.recompute,
    }),
  );
  const evaluate = compileEvaluation(
    task,
    (loss) => taskModel(network, encoder, { loss }),
    features.validation,
    random,
  );
  const declared = [...mergeDeclared([...train.parameters, ...evaluate.parameters]).values()];
  checkPatterns(
    options,
    declared.map(({ name }) => name),
  );
  if (train.program.gradients.length === 0) {
    throw new ValidationError('recipe', [
      { path: '/train/freeze', message: 'freezes every parameter; nothing is left to train' },
    ]);
  }
  const weights = await startWeights(job, {
    family,
    declared,
    options,
    tuning,
    isTrained,
    adapter,
    imported,
    logger,
    signal,
  });
  const isPretrained = job.base !== undefined;
  const { groups, peaks } = rateGroups(options, { family, config, groups: task.groups, isPretrained });
  return {
    task,
    examples,
    features,
    modelConfig,
    tuning,
    network,
    plainEncoder,
    linearLayers,
    programs: { train: train.program, evaluate: evaluate.program },
    parameters: declareParameters({
      declared,
      random: random.fork('parameters'),
      groups,
      frozen: (name) => !isTrained(name),
      weights,
    }),
    peakRates: peaks,
    random,
    digest: digestOf(task, modelConfig, adapter?.digest),
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

/** What stays frozen must have learned something; an adapter is an update of something. */
function refuseWithoutBase({ data }: TrainingJob, options: FineTuneOptions): void {
  const paths = tuningKinds(options).map((kind) => `/train/${kind}`);
  if (data.resources.adapter !== undefined) paths.push('/data/resources/adapter');
  if (paths.length === 0) return;
  throw new ValidationError(
    'recipe',
    paths.map((path) => ({ path, message: "needs a base model; name it in 'model'" })),
  );
}

/** The parameters of a model that is not tuned, and the paths of its encoder's linear layers. */
function outlineOf(
  network: Network,
  encoder: EncoderBuilder,
): { readonly declared: readonly DeclaredParameter[]; readonly linearLayers: readonly string[] } {
  const builder = new GraphBuilder();
  const linearLayers = new Set<string>();
  const watched: EncoderBuilder = (context) =>
    encoder(
      context.withLinearView(({ path, output }) => {
        linearLayers.add(path);
        return output;
      }),
    );
  taskModel(network, watched, { loss: false })(builder);
  return { declared: builder.parameters, linearLayers: [...linearLayers] };
}

/** @throws ValidationError naming patterns that match no parameter. */
function checkPatterns({ freeze, unfreeze, learningRates }: FineTuneOptions, names: readonly string[]): void {
  matcher(freeze, { at: '/train/freeze' }).checkUsed(names);
  matcher(unfreeze ?? [], { at: '/train/unfreeze' }).checkUsed(names);
  matcher(Object.keys(learningRates ?? {}), { at: '/train/learningRates' }).checkUsed(names);
}

/** With the loss where the app gives labels to an evaluation batch, else without. */
function compileEvaluation(
  task: PreparedTask,
  build: (loss: boolean) => ModelBuilder,
  features: readonly Features[],
  random: Random,
): CompiledProgram {
  const compile = (loss: boolean) =>
    compileProgram({
      name: 'evaluate',
      mode: 'evaluate',
      build: build(loss),
      outputs: task.outputs,
    });
  if (features.length === 0) return compile(false);
  const sample = task.collate(features.slice(0, 1), { training: false, labels: true, random: random.fork('probe') });
  const withLoss = compile(true);
  return withLoss.program.inputs.every(({ name }) => name in sample) ? withLoss : compile(false);
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

function digestOf(task: PreparedTask, config: Readonly<Record<string, unknown>>, adapter = ''): string {
  const files = [...task.files].map(([path, content]) => `${path} ${sha256(content)}\n`).sort();
  return sha256(JSON.stringify(config) + files.join('') + adapter);
}
