import { runtimeShape, type Value } from '@zooid/onnx';
import { embedding } from '../embedding.js';
import { normal } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import type { ModuleContext } from '../module-context.js';
import type { EncoderConfig } from './config.js';
import type { EmbedMix, EncoderHooks } from './hooks.js';

/** Sum of token, segment and position embeddings, mixed, normalised and dropped: `[batch, sequence, hidden]`. */
export function emitEmbeddings(
  context: ModuleContext,
  config: EncoderConfig,
  { inputIds, tokenTypeIds }: { readonly inputIds: Value; readonly tokenTypeIds: Value },
  hooks: EncoderHooks,
): Value {
  const { hidden_size: width, initializer_range: std } = config;
  const table = (name: string, ids: Value, rows: number): Value =>
    embedding(context.child(name), ids, rows, width, { std });
  let sum = table('word_embeddings', inputIds, config.vocab_size).add(
    table('token_type_embeddings', tokenTypeIds, config.type_vocab_size),
  );
  if (hooks.positionIds === undefined) sum = sum.add(firstPositions(context, config, inputIds));
  else if (hooks.positionIds !== 'none') {
    sum = sum.add(table('position_embeddings', hooks.positionIds, config.max_position_embeddings));
  }
  const mixed = hooks.embedMix === undefined ? sum : mix(sum, hooks.embedMix);
  const normalised = layerNorm(context.child('LayerNorm'), mixed, config.layer_norm_eps);
  return context.dropout(normalised, config.hidden_dropout_prob);
}

/** Rows 0, 1, 2 … of the position table, one per token: `[sequence, hidden]`. */
function firstPositions(context: ModuleContext, config: EncoderConfig, inputIds: Value): Value {
  const rows = config.max_position_embeddings;
  const { graph } = context;
  const table = context
    .child('position_embeddings')
    .parameter('weight', [rows, config.hidden_size], normal(config.initializer_range));
  // A slice, not a gather: its gradient is a pad, where a gather's would be a scatter.
  const end = runtimeShape(graph, [inputIds.shape[1]!]);
  return graph.emit('Slice', [table, graph.constant([0], 'int64'), end, graph.constant([0], 'int64')])[0]!;
}

function mix(sum: Value, { mask, vector, lambda }: EmbedMix): Value {
  const weight = mask.mul(lambda);
  return sum.mul(weight.neg().add(1)).add(vector.mul(weight));
}
