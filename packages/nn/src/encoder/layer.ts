import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import { attentionHeads } from '../attention.js';
import { layerNorm } from '../layer-norm.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import { bottleneckAdapter } from '../peft/adapter.js';
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
 * Post-LN transformer layer: `x₁ = LN(x + W₀ MHA(x) + b₀)`, `y = LN(x₁ + W₂ act(W₁ x₁ + b₁) + b₂)`. With the config's
 * `adapter_size`, what either half adds passes an adapter first, `adapters.attention` and `adapters.output`.
 *
 * @param hidden `[batch, sequence, hidden]`
 * @returns the same shape
 */
export function emitLayer(
  context: ModuleContext,
  hidden: Value,
  { config, attnBias, attnScale, nextPrefix }: LayerEnvironment,
  names: LayerNames,
): Value {
  const { hidden_size: width, initializer_range: std, layer_norm_eps: epsilon } = config;
  const dropped = (path: string | undefined, x: Value): Value =>
    path === undefined ? x : context.child(path).dropout(x, config.hidden_dropout_prob);
  const adapted = (half: 'attention' | 'output', x: Value): Value =>
    config.adapter_size === undefined
      ? x
      : bottleneckAdapter(context.child(`adapters.${half}`), x, config.adapter_size);

  const attended = attentionHeads(context.child(names.attention), hidden, hidden, {
    heads: config.num_attention_heads,
    names,
    attnBias,
    attnScale,
    dropout: config.attention_probs_dropout_prob,
    std,
    ...(nextPrefix !== undefined && { prefix: nextPrefix() }),
  });
  const projected = linear(context.child(names.attentionOutput), attended, width, { std });
  const first = adapted('attention', dropped(names.attentionDropout, projected));
  const middle = layerNorm(context.child(names.attentionNorm), first.add(hidden), epsilon);

  const inner = linear(context.child(names.intermediate), middle, config.intermediate_size, { std });
  const outer = linear(context.child(names.output), activations[config.hidden_act](inner), width, { std });
  const second = adapted('output', dropped(names.outputDropout, outer));
  return layerNorm(context.child(names.outputNorm), second.add(middle), epsilon);
}
