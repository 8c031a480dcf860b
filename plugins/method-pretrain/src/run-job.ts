import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { recoverModelFolder, runFolder } from '@zooid/hub';
import { type BaseWeights, isEncoderTensor, readBaseWeights } from '@zooid/method-kit';
import { type DeclaredParameter, encoderFamily, type ModuleContext } from '@zooid/nn';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import type { ModelArtifacts, TrainingContext, TrainingJob, TrainingResult } from '@zooid/spec';
import { type CompiledProgram, compileProgram, declareParameters, type RunConfig, train } from '@zooid/trainer';
import { BagOfWords } from './bag-of-words.js';
import { blockSource } from './block-source.js';
import { evaluateMasked } from './evaluate.js';
import { exportModel } from './export-model.js';
import { localAttention } from './local-attention.js';
import { guessesOutput, maskedPositionsModel } from './masked-lm.js';
import { operationalOptions, type PretrainOptions } from './options.js';
import { corpusFolder, type PreparedJob, prepareJob } from './prepare.js';

/** A base model has learned already; large steps would unlearn it. */
const defaultRates = { scratch: 1e-3, continued: 1e-4 };

/** Vocabulary, tokenized corpus, training, export: from a checked recipe to a model folder. */
export async function runJob(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
  const started = performance.now();
  const { progress, logger, signal } = context;
  const options = job.options as PretrainOptions;
  await recoverModelFolder(job.output);
  const stage = (detail: string) => progress({ type: 'stage', name: 'prepare', detail });
  stage('vocabulary and corpus');
  const prepared = await prepareJob(job, { logger, signal, stage });
  using _train = prepared.train;
  using _validation = prepared.validation;

  const programs = compilePrograms(prepared, options);
  await using session = await openSession(job, prepared, programs, signal);
  progress({ type: 'stage', name: 'train', detail: describe(prepared, programs.train.parameters, options) });
  const evaluate =
    prepared.validation === undefined ? undefined : evaluator(prepared, programs, session, context, options);
  const trained = await train({
    session,
    source: blockSource({
      store: prepared.train,
      program: programs.train.program.name,
      options,
      masking: prepared.masking,
      bag: options.bagOfWords && BagOfWords.of(prepared.train, prepared.config.vocab_size, prepared.masking.special),
      learningRate: options.learningRate ?? defaultRates[job.base === undefined ? 'scratch' : 'continued'],
      random: prepared.random.fork('train'),
    }),
    directory: join(job.output, runFolder),
    title: `${job.app.name}: ${basename(job.output)}`,
    config: runConfig(job, prepared),
    seed: job.seed,
    resume: job.resume,
    clipNorm: options.clipNorm === 0 ? undefined : options.clipNorm,
    checkpoints: { everySeconds: options.checkpointSeconds },
    skipTolerance: options.skipTolerance,
    evaluation: evaluate && { split: 'validation', every: options.evaluateEvery, run: evaluate },
    logger,
    signal,
    onEvent: progress,
  });

  const metrics = (await evaluate?.()) ?? {};
  await exportModel({ job, prepared, session, trained, metrics, context });
  await rm(corpusFolder(job), { recursive: true, force: true });
  progress({ type: 'done', output: job.output, metrics, seconds: (performance.now() - started) / 1000 });
  return { output: job.output, metrics };
}

interface Programs {
  readonly train: CompiledProgram;
  readonly evaluate: CompiledProgram;
}

/** Evaluations look at the guessed tokens alone, so that runs compare whatever else they learn. */
function compilePrograms({ config }: PreparedJob, { bagOfWords }: PretrainOptions): Programs {
  const build = (bagWeight?: number) => (context: ModuleContext) => maskedPositionsModel(context, config, bagWeight);
  return {
    train: compileProgram({ name: 'train', mode: 'train', build: build(bagOfWords?.weight) }),
    evaluate: compileProgram({ name: 'evaluate', mode: 'evaluate', build: build(), outputs: [guessesOutput] }),
  };
}

async function openSession(
  job: TrainingJob,
  prepared: PreparedJob,
  programs: Programs,
  signal: AbortSignal | undefined,
): Promise<TrainingSession> {
  const { beta1, beta2, epsilon, weightDecay, threads } = job.options as PretrainOptions;
  const declared = programs.train.parameters;
  const parameters = declareParameters({
    declared,
    random: prepared.random.fork('parameters'),
    weights: job.base === undefined ? localAttention(prepared.config) : await baseWeights(job.base, declared, signal),
  });
  return createTrainingSession({
    parameters,
    programs: [programs.train.program, programs.evaluate.program],
    optimizer: { kind: 'adamw', beta1, beta2, epsilon, weightDecay },
    seed: job.seed,
    ...(threads === undefined ? {} : { threads }),
  });
}

/**
 * Weights to go on from. The head may start new, since a folder that was fine-tuned for something else has none, and so
 * may the pooler, which masked language modelling does not use.
 */
async function baseWeights(
  { folder, config }: ModelArtifacts,
  declared: readonly DeclaredParameter[],
  signal: AbortSignal | undefined,
): Promise<BaseWeights['weights']> {
  const family = encoderFamily(config);
  const { prefix, pooler } = family;
  const isPooler = (name: string) => pooler !== undefined && name.startsWith(`${prefix}.${pooler}.`);
  const optional = (name: string) => isPooler(name) || !isEncoderTensor(name, family);
  const { weights } = await readBaseWeights({ folder, config, declared, optional, signal });
  return weights;
}

function evaluator(
  { validation, masking, random }: PreparedJob,
  { evaluate }: Programs,
  session: TrainingSession,
  { signal }: TrainingContext,
  options: PretrainOptions,
) {
  const { name, loss } = evaluate.program;
  return () =>
    evaluateMasked({
      session,
      program: name,
      loss: loss!,
      store: validation!,
      options,
      masking,
      random: random.fork('validation'),
      signal,
    });
}

function describe({ train }: PreparedJob, parameters: readonly DeclaredParameter[], options: PretrainOptions): string {
  const size = parameters.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  const perStep = options.batchSize * options.accumulate * options.blockLength;
  const passes = (options.maxSteps * perStep) / train.length;
  return (
    `${(size / 1e6).toFixed(1)}M parameters, corpus of ${(train.length / 1e6).toFixed(1)}M tokens, ` +
    `${options.maxSteps} steps of ${perStep} tokens (${passes.toFixed(2)} passes)`
  );
}

/** What must not change between a run and its resumption. */
function runConfig(job: TrainingJob, prepared: PreparedJob): RunConfig {
  const { train: section, card: _, ...recipe } = job.recipe;
  const operational: readonly string[] = operationalOptions;
  const options = Object.entries(section ?? job.options).filter(([key]) => !operational.includes(key));
  return {
    recipe: { ...recipe, train: Object.fromEntries(options) },
    seed: job.seed,
    base: job.base?.revision,
    data: { train: job.data.train.digest, validation: job.data.validation?.digest },
    prepared: prepared.digest,
  };
}
