import {
  crossEntropy,
  type DeclaredParameter,
  type EncoderConfig,
  type EncoderHooks,
  type EncoderOutput,
  encoderFamily,
  gpt2Decoder,
  initialise,
  linear,
  type ModuleContext,
  maskedLanguageModelHead,
  normal,
  parseGpt2Config,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import { Random, type TensorMap, tensor } from '@zooid/tensor';
import { type CompiledProgram, type CompileOptions, compileProgram } from '../compile-program.js';
import type { ModelBuilder } from '../model-builder.js';

const vocab = 50;

/** Three layers of width 16, with dropout. */
export function encoderConfig(modelType = 'bert'): EncoderConfig {
  const tables = { vocab_size: vocab, max_position_embeddings: 24, type_vocab_size: 2, pad_token_id: 0 };
  const sizes = { hidden_size: 16, num_hidden_layers: 3, num_attention_heads: 2, intermediate_size: 24 };
  const rates = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };
  // DistilBERT says all of this in words of its own.
  const distilled = { dim: 16, n_layers: 3, n_heads: 2, hidden_dim: 24, dropout: 0.1, attention_dropout: 0.1 };
  return encoderFamily({ model_type: modelType }).parse({
    model_type: modelType,
    ...tables,
    ...(modelType === 'distilbert' ? distilled : { ...sizes, ...rates, embedding_size: 8 }),
  });
}

/** Rows of falling length: `input_ids`, `attention_mask`, `token_type_ids`, three `labels`, `positions` of tokens. */
export function batchOf(rows: number, sequence = 9, seed = 5): TensorMap {
  const random = new Random(seed);
  const int64 = (dims: readonly number[], value: (i: number) => number) =>
    tensor(
      'int64',
      BigInt64Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => BigInt(value(i))),
      dims,
    );
  const isToken = (i: number) => i % sequence < sequence - (Math.floor(i / sequence) % 4);
  return {
    input_ids: int64([rows, sequence], (i) => (isToken(i) ? 1 + random.int(vocab - 1) : 0)),
    attention_mask: int64([rows, sequence], (i) => Number(isToken(i))),
    token_type_ids: int64([rows, sequence], (i) => i % 2),
    labels: int64([rows], () => random.int(3)),
    positions: int64([5], () => random.int(rows * sequence)),
    words: int64([5], () => random.int(vocab)),
  };
}

/** A classifier with three labels on whatever `pick` makes of the encoder. */
export function classifier(
  pick: (encoder: EncoderOutput, context: ModuleContext) => Value = (encoder) => encoder.pooledOutput(),
  { config = encoderConfig(), hooks = {} }: { readonly config?: EncoderConfig; readonly hooks?: EncoderHooks } = {},
): ModelBuilder {
  return (context) => {
    const encoder = encoderFamily(config).build(context, config, {}, hooks);
    const logits = linear(context.child('classifier'), pick(encoder, context), 3);
    const labels = context.input('labels', 'int64', ['batch']);
    return { outputs: { logits, states: encoder.lastHiddenState }, loss: crossEntropy(logits, labels) };
  };
}

/** Words at `positions` of the batch, scored against the word table that the embeddings use too. */
export const maskedWords: ModelBuilder = (context) => {
  const config = encoderConfig();
  const { lastHiddenState } = encoderFamily(config).build(context, config);
  const positions = context.input('positions', 'int64', ['masked']);
  const states = lastHiddenState.reshape([-1, config.hidden_size]).gather(positions);
  const logits = maskedLanguageModelHead(context, config, states);
  const loss = crossEntropy(logits, context.input('words', 'int64', ['masked']), { ignoreIndex: null });
  return { outputs: { logits, states: lastHiddenState }, loss };
};

/** A GPT-2 decoder with three labels on the mean of its states. */
export const decoderClassifier: ModelBuilder = (context) => {
  const config = parseGpt2Config({
    model_type: 'gpt2',
    vocab_size: vocab,
    n_positions: 24,
    n_embd: 16,
    n_layer: 3,
    n_head: 2,
  });
  const logits = linear(context.child('classifier'), gpt2Decoder(context, config).lastHiddenState.mean([1], false), 3);
  return { outputs: { logits }, loss: crossEntropy(logits, context.input('labels', 'int64', ['batch'])) };
};

export const trainProgram = (build: ModelBuilder, options: Partial<CompileOptions> = {}): CompiledProgram =>
  compileProgram({ name: 'train', mode: 'train', build, ...options });

/** Random weights everywhere, so that no gradient is zero by accident. One thread. */
export function openSession(
  programs: readonly CompiledProgram[],
  parameters: readonly DeclaredParameter[] = programs[0]!.parameters,
): Promise<TrainingSession> {
  const random = new Random(1);
  return createTrainingSession({
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      shape: parameter.shape,
      data: initialise({ ...parameter, initializer: normal(0.3) }, random),
      group: 'default',
    })),
    programs: programs.map(({ program }) => program),
    optimizer: { kind: 'adamw' },
    threads: 1,
    seed: 3,
  });
}

/** Only what the program reads. */
export function feedsOf({ program }: CompiledProgram, batch: TensorMap): TensorMap {
  return Object.fromEntries(program.inputs.map(({ name }) => [name, batch[name]!]));
}

/** The largest relative L2 difference over parameters; a gradient below a thousandth of the whole one is measured against that. */
export function largestDifference(
  actual: ReadonlyMap<string, { readonly data: Float32Array }>,
  expected: ReadonlyMap<string, { readonly data: Float32Array }>,
): number {
  const norm = (values: Float32Array) => Math.hypot(...values);
  const whole = Math.hypot(...Array.from(expected.values(), ({ data }) => norm(data)));
  return Math.max(
    ...Array.from(expected, ([name, { data }]) => {
      const difference = norm(data.map((value, i) => value - actual.get(name)!.data[i]!));
      return difference / Math.max(norm(data), 1e-3 * whole);
    }),
  );
}
