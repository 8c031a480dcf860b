import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import { attentionHeads } from '../attention.js';
import { layerNorm } from '../layer-norm.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import type { EncoderConfig } from './config.js';
import type { LayerEnvironment, LayerModule } from './hooks.js';

/** The BERT layer with the parameters `bert.encoder.layer.<index>.…`. */
export function bertLayer(index: number): LayerModule {
  return { path: `layer.${index}`, emit: emitBertLayer };
}

/** Post-LN transformer layer: `x₁ = LN(x + MHA(x))`, `y = LN(x₁ + W₂ gelu(W₁ x₁ + b₁) + b₂)`. */
export function emitBertLayer(context: ModuleContext, hidden: Value, environment: LayerEnvironment): Value {
  const { config, attnBias, attnScale } = environment;
  const std = config.initializer_range;
  const attention = context.child('attention');
  const attended = attentionHeads(attention.child('self'), hidden, hidden, {
    heads: config.num_attention_heads,
    attnBias,
    attnScale,
    dropout: config.attention_probs_dropout_prob,
    std,
  });
  const residual = residualOutput(attention.child('output'), attended, hidden, config);
  const intermediate = linear(context.child('intermediate').child('dense'), residual, config.intermediate_size, {
    std,
  });
  return residualOutput(context.child('output'), activations[config.hidden_act](intermediate), residual, config);
}

/** `LN(dropout(W x + b) + residual)`: how both halves of a layer end. */
function residualOutput(context: ModuleContext, x: Value, residual: Value, config: EncoderConfig): Value {
  const dense = linear(context.child('dense'), x, config.hidden_size, { std: config.initializer_range });
  const dropped = context.dropout(dense, config.hidden_dropout_prob);
  return layerNorm(context.child('LayerNorm'), dropped.add(residual), config.layer_norm_eps);
}
