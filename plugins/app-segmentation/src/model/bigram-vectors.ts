import { type EncoderOutput, embedding, type ModuleContext, normal, zeros } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { PAD_BIGRAM, UNKNOWN_BIGRAM } from '../features/bigrams.js';
import type { BigramOptions } from '../options.js';

/** What the vectors are made of. */
export interface BigramShape {
  /** Rows of the pair table. */
  readonly rows: number;
  /** Tokens before the first unit: `[CLS]` and the tags, which are no neighbours of a unit. */
  readonly firstUnit: number;
  readonly options: BigramOptions;
}

/**
 * `b = [v(left pair) ; v(right pair)]` of every position: `[batch, sequence, 2 · size]`, zero outside the text.
 *
 * With `merged` vectors, `v(a, c) = (e(a) + e(c)) / 2 + Δ(a, c)` with Δ zero at the start and for unseen pairs: the mean of the
 * characters' vectors is where a pair starts from, and what a pair is that training never saw.
 *
 * @see Qiu et al. 2020, "A Concise Model for Multi-Criteria Chinese Word Segmentation"
 */
export function bigramVectors(
  context: ModuleContext,
  encoder: EncoderOutput,
  { rows, firstUnit, options }: BigramShape,
): Value {
  const { size, vectors } = options;
  const ids = context.input('bigram_ids', 'int64', ['batch', 'sequence', 2]);
  const width = 2 * size;
  const isUnit = ids.slice(2, 0, 1).equal(PAD_BIGRAM).not().cast('float32'); // [batch, sequence, 1]; every unit has a left pair
  if (vectors === 'random') {
    return flat(embedding(context.child('pairs'), ids, rows, size), width).mul(isUnit);
  }
  const isSeen = ids.greater(UNKNOWN_BIGRAM).cast('float32').unsqueeze([3]);
  const offsets = context.child('pairs').parameter('weight', [rows, size], zeros).gather(ids).mul(isSeen);
  const table = context.child('characters').parameter('weight', [encoder.config.vocab_size, size], normal(0.02));
  const own = table.gather(encoder.inputIds); // [batch, sequence, size]
  const end = Number.POSITIVE_INFINITY;
  // The neighbour of the first unit is the edge, for which [CLS] stands; after the last one it is [SEP].
  const edge = own.slice(1, 0, 1);
  const before = edge.concat([...Array.from({ length: firstUnit }, () => edge), own.slice(1, firstUnit, end)], 1);
  const left = before.slice(1, 0, -1);
  const right = own.slice(1, 1, end).concat([edge], 1);
  const merged = left
    .concat([right], -1)
    .add(own.concat([own], -1))
    .mul(0.5);
  return flat(offsets, width).add(merged).mul(isUnit);
}

/** Left and right beside each other. */
function flat(pairs: Value, width: number): Value {
  return pairs.reshape([pairs.shape[0]!, pairs.shape[1]!, width]);
}
