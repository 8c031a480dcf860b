import type { Value } from '@zooid/onnx';
import type { LayerEnvironment, LayerModule } from '../encoder/hooks.js';
import { emitLayer, type LayerNames } from '../encoder/layer.js';
import type { ModuleContext } from '../module-context.js';

const names: LayerNames = {
  attention: 'attention.self',
  query: 'query',
  key: 'key',
  value: 'value',
  attentionOutput: 'attention.output.dense',
  attentionDropout: 'attention.output',
  attentionNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputDropout: 'output',
  outputNorm: 'output.LayerNorm',
};

/** The layer of BERT, RoBERTa and ELECTRA with the parameters `<encoder>.layer.<index>.…`. */
export function bertLayer(index: number): LayerModule {
  return { path: `layer.${index}`, emit: emitBertLayer };
}

/** {@link emitLayer} under BERT's names. */
export function emitBertLayer(context: ModuleContext, hidden: Value, environment: LayerEnvironment): Value {
  return emitLayer(context, hidden, environment, names);
}
