import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { meanSquaredError } from '@zooid/autodiff';
import { writeSafetensors } from '@zooid/hub';
import { bertEncoder, encoderPresets, linear } from '@zooid/nn';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import { type HostTensor, Random, type TensorMap } from '@zooid/tensor';
import { type CompiledProgram, compileProgram } from './compile-program.js';
import { datasetSource } from './dataset-source.js';
import type { ModelBuilder } from './model-builder.js';
import { declareParameters } from './parameters.js';
import { train } from './train.js';
import type { TrainResult } from './train-options.js';

/** Token ids and a number to predict: the share of token 3. */
export interface TinyRow {
  readonly length: number;
  readonly ids: readonly number[];
  readonly target: number;
}

/** A one-layer BERT with dropout and a regression head: the real thing, small enough for tests. */
export const tinyModel =
  (dropout: number): ModelBuilder =>
  (context) => {
    const config = {
      ...encoderPresets.tiny,
      num_hidden_layers: 1,
      hidden_size: 16,
      intermediate_size: 32,
      vocab_size: 12,
      max_position_embeddings: 16,
      hidden_dropout_prob: dropout,
      attention_probs_dropout_prob: dropout,
    };
    const score = linear(context.child('score'), bertEncoder(context, config).pooledOutput(), 1);
    return { outputs: { score }, loss: meanSquaredError(score, context.input('target', 'float32', ['batch', 1])) };
  };

export function tinyRows(count: number, seed = 3): TinyRow[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const ids = Array.from({ length: 4 + random.int(8) }, () => 1 + random.int(6));
    return { length: ids.length, ids, target: ids.filter((id) => id === 3).length / ids.length };
  });
}

/** Pads; `noise` replaces tokens at random, as an app's own augmentation would. */
export function collateTiny(rows: readonly TinyRow[], random?: Random, noise = 0): TensorMap {
  const width = Math.max(...rows.map(({ length }) => length));
  const int64 = (value: (row: TinyRow, column: number) => number): HostTensor => ({
    dtype: 'int64',
    dims: [rows.length, width],
    data: BigInt64Array.from(rows.flatMap((row) => Array.from({ length: width }, (_, i) => BigInt(value(row, i))))),
  });
  return {
    input_ids: int64(({ ids }, i) => (random?.bernoulli(noise) ? 1 + random.int(6) : (ids[i] ?? 0))),
    attention_mask: int64(({ length }, i) => (i < length ? 1 : 0)),
    token_type_ids: int64(() => 0),
    target: { dtype: 'float32', dims: [rows.length, 1], data: Float32Array.from(rows, ({ target }) => target) },
  };
}

export interface TinySession {
  readonly session: TrainingSession;
  readonly train: CompiledProgram;
}

export async function openTiny(dropout: number, threads = 2): Promise<TinySession> {
  const build = tinyModel(dropout);
  const compiled = compileProgram({ name: 'train', mode: 'train', build });
  const evaluate = compileProgram({ name: 'evaluate', mode: 'evaluate', build });
  const session = await createTrainingSession({
    parameters: declareParameters({ declared: compiled.parameters, random: new Random(11) }),
    programs: [compiled.program, evaluate.program],
    optimizer: { kind: 'adamw' },
    seed: 11,
    threads,
  });
  return { session, train: compiled };
}

export interface TinyRunOptions {
  readonly directory: string;
  readonly resume: boolean;
  readonly signal?: AbortSignal;
}

/**
 * A run with everything that could break exact resumption: dropout, collation noise, accumulation, length buckets,
 * evaluations that pick the best weights, checkpoints in the middle of epochs. Ends by writing `final.safetensors`.
 */
export async function tinyRun({ directory, resume, signal }: TinyRunOptions): Promise<TrainResult> {
  const { session } = await openTiny(0.1);
  const rows = tinyRows(45);
  const held = collateTiny(tinyRows(16, 4));
  const random = new Random(11);
  try {
    const result = await train({
      session,
      source: datasetSource({
        task: { collate: (features, context) => collateTiny(features as TinyRow[], context.random, 0.1) },
        features: rows,
        program: 'train',
        batchSize: 4,
        accumulate: 2,
        length: { epochs: 8 },
        random,
        learningRates: (step, total) => ({ default: 0.01 * (1 - step / (total + 1)) }),
      }),
      directory,
      config: { run: 'tiny' },
      seed: 11,
      resume,
      clipNorm: 1,
      evaluation: {
        split: 'validation',
        every: 5,
        run: async () => ({ loss: Number((await session.evaluate('evaluate', held, ['loss'])).loss!.data[0]) }),
      },
      select: { metric: 'loss' },
      checkpoints: { everySteps: 3 },
      ...(signal === undefined ? {} : { signal }),
    });
    const { parameters } = await session.exportState({ moments: false });
    await writeSafetensors(join(directory, 'final.safetensors'), parameters);
    return result;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

// Run as a process of its own by the test that kills it.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [directory, resume] = process.argv.slice(2);
  await tinyRun({ directory: directory!, resume: resume === 'resume' });
}
