import { bertEncoder, classificationHead, crossEntropy, type EncoderConfig, parseEncoderConfig } from '@zooid/nn';
import { type Random, type TensorMap, tensor } from '@zooid/tensor';
import { type CompiledProgram, type CompileOptions, compileProgram } from '@zooid/trainer';

export const LABELS = 2;

/** The sizes compared, with dropout off. */
export const configs = {
  tiny: sized({
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 128,
    vocab_size: 512,
    max_position_embeddings: 64,
  }),
  mini: sized({
    hidden_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    intermediate_size: 1024,
    vocab_size: 8192,
    max_position_embeddings: 128,
  }),
  base: sized({
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    vocab_size: 30522,
    max_position_embeddings: 512,
  }),
} as const;

function sized(sizes: Readonly<Record<string, number>>): EncoderConfig {
  return parseEncoderConfig({ ...sizes, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 });
}

/** Forward, cross entropy and gradients of a BERT sequence classifier. */
export function compileClassifier(
  config: EncoderConfig,
  options: Pick<CompileOptions, 'recompute'> = {},
): CompiledProgram {
  return compileProgram({
    name: 'classifier',
    mode: 'train',
    ...options,
    build: (context) => {
      const encoder = bertEncoder(context, config);
      const logits = classificationHead(context, encoder.pooledOutput(), { labels: LABELS });
      const labels = context.input('labels', 'int64', ['batch']);
      return { outputs: { logits }, loss: crossEntropy(logits, labels, { ignoreIndex: null }) };
    },
  });
}

export interface ClassifierBatch {
  readonly feeds: TensorMap;
  /** The same numbers as rows, as the peer reads them. */
  readonly rows: Readonly<Record<'input_ids' | 'attention_mask' | 'token_type_ids', number[][]> & { labels: number[] }>;
}

/**
 * A random batch of the given lengths, padded to `width`. Every second row is a pair, so both segments occur.
 *
 * @param distinct tokens to draw from; default: the whole vocabulary
 */
export function randomBatch(
  config: EncoderConfig,
  lengths: readonly number[],
  width: number,
  random: Random,
  distinct = config.vocab_size - 5,
): ClassifierBatch {
  const matrix = (cell: (row: number, column: number) => number) =>
    lengths.map((_, row) => Array.from({ length: width }, (_, column) => cell(row, column)));
  const inside = (row: number, column: number) => column < lengths[row]!;
  const rows = {
    input_ids: matrix((row, column) => (inside(row, column) ? 5 + random.int(distinct) : config.pad_token_id)),
    attention_mask: matrix((row, column) => Number(inside(row, column))),
    token_type_ids: matrix((row, column) =>
      Number(inside(row, column) && row % 2 === 1 && column >= lengths[row]! / 2),
    ),
    labels: lengths.map(() => random.int(LABELS)),
  };
  const dims = [lengths.length, width];
  const int64 = (values: readonly number[], shape: readonly number[]) =>
    tensor(
      'int64',
      BigInt64Array.from(values, (value) => BigInt(value)),
      shape,
    );
  return {
    rows,
    feeds: {
      input_ids: int64(rows.input_ids.flat(), dims),
      attention_mask: int64(rows.attention_mask.flat(), dims),
      token_type_ids: int64(rows.token_type_ids.flat(), dims),
      labels: int64(rows.labels, [lengths.length]),
    },
  };
}
