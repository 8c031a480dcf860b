import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import { attentionHeads } from '../attention.js';
import { layerNorm } from '../layer-norm.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import type { LayerEnvironment } from './hooks.js';

/** What a family calls the parts of its layer, and where it drops. */
export interface LayerNames {
  /** Path of the projections; dropout on the attention probabilities is named after it. */
  readonly attention: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
  /** Path that names the dropout after the attention's output; absent: the family has none there. */
  readonly attentionDropout?: string;
  /** Path that names the dropout after the second half's output. */
  readonly outputDropout?: string;
}

/**
 * Post-LN transformer layer: `x₁ = LN(x + W₀ MHA(x) + b₀)`, `y = LN(x₁ + W₂ act(W₁ x₁ + b₁) + b₂)`.
 *
 * @param hidden `[batch, sequence, hidden]`
 * @returns the same shape
 */
export function emitLayer(
  context: ModuleContext,
  hidden: Value,
  { config, attnBias, attnScale }: LayerEnvironment,
  names: LayerNames,
): Value {
  const { hidden_size: width, initializer_range: std, layer_norm_eps: epsilon } = config;
  const dropped = (path: string | undefined, x: Value): Value =>
    path === undefined ? x : context.child(path).dropout(x, config.hidden_dropout_prob);

  const attended = attentionHeads(context.child(names.attention), hidden, hidden, {
    heads: config.num_attention_heads,
    names,
    attnBias,
    attnScale,
    dropout: config.attention_probs_dropout_prob,
    std,
  });
  const projected = dropped(
    names.attentionDropout,
    linear(context.child(names.attentionOutput), attended, width, { std }),
  );
  const middle = layerNorm(context.child(names.attentionNorm), projected.add(hidden), epsilon);

  const inner = linear(context.child(names.intermediate), middle, config.intermediate_size, { std });
  const outer = linear(context.child(names.output), activations[config.hidden_act](inner), width, { std });
  return layerNorm(context.child(names.outputNorm), dropped(names.outputDropout, outer).add(middle), epsilon);
}
