import type { Value } from '@zooid/onnx';
import { normal } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import type { ModuleContext } from '../module-context.js';
import { type EncoderConfig, embeddingWidth } from './config.js';
import type { EmbedMix, EncoderHooks } from './hooks.js';
import { firstPositions, positionsAfterPadding } from './positions.js';

export interface EmbeddingInputs {
  readonly inputIds: Value;
  /** Asked for only when the family has more than one segment. */
  readonly tokenTypeIds: () => Value;
}

/** How a family numbers its tokens: 0, 1, 2 …, or from the row after the padding's, counted over the input ids. */
export type PositionScheme = 'from-zero' | 'after-padding';

/** Sum of token, segment and position embeddings, mixed, normalised and dropped: `[batch, sequence, width]`. */
export function emitEmbeddings(
  context: ModuleContext,
  config: EncoderConfig,
  { inputIds, tokenTypeIds }: EmbeddingInputs,
  positions: PositionScheme,
  hooks: EncoderHooks,
): Value {
  const initial = normal(config.initializer_range);
  const table = (name: string, rows: number): Value =>
    context.child(name).parameter('weight', [rows, embeddingWidth(config)], initial);
  let sum = table('word_embeddings', config.vocab_size).gather(inputIds);
  if (config.type_vocab_size > 0) {
    const segments = table('token_type_embeddings', config.type_vocab_size);
    // One row, one segment: adding it needs no ids, and the model no such input.
    sum = sum.add(config.type_vocab_size === 1 ? segments : segments.gather(tokenTypeIds()));
  }
  if (hooks.positionIds !== 'none') {
    const places = table('position_embeddings', config.max_position_embeddings);
    if (hooks.positionIds !== undefined) sum = sum.add(places.gather(hooks.positionIds));
    else if (positions === 'from-zero') sum = sum.add(firstPositions(places, inputIds));
    else sum = sum.add(positionsAfterPadding(places, inputIds, config.pad_token_id));
  }
  const mixed = hooks.embedMix === undefined ? sum : mix(sum, hooks.embedMix);
  const normalised = layerNorm(context.child('LayerNorm'), mixed, config.layer_norm_eps);
  return context.dropout(normalised, config.hidden_dropout_prob);
}

function mix(sum: Value, { mask, vector, lambda }: EmbedMix): Value {
  const weight = mask.mul(lambda);
  return sum.mul(weight.neg().add(1)).add(vector.mul(weight));
}
