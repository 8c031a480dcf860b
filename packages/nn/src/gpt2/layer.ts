import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import { scaledDotProductAttention } from '../attention.js';
import { normal, zeros } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import { widthOf } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import type { Gpt2Config } from './config.js';

export interface Gpt2LayerOptions {
  readonly config: Gpt2Config;
  /** Place of the layer, from 0. */
  readonly index: number;
  /** Added to the scores: `[batch | 1, 1, sequence, sequence]`. */
  readonly bias: Value;
}

/** Pre-LN transformer layer: `x₁ = x + MHA(LN x)`, `y = x₁ + W₂ act(W₁ LN x₁ + b₁) + b₂`. */
export function emitGpt2Layer(context: ModuleContext, hidden: Value, options: Gpt2LayerOptions): Value {
  const { config } = options;
  const { n_embd: width, layer_norm_epsilon: epsilon } = config;
  const attended = attention(context.child('attn'), layerNorm(context.child('ln_1'), hidden, epsilon), options);
  const middle = hidden.add(context.child('attn').dropout(attended, config.resid_pdrop));

  const mlp = context.child('mlp');
  const normalised = layerNorm(context.child('ln_2'), middle, epsilon);
  const inner = conv1d(mlp.child('c_fc'), normalised, config.n_inner ?? 4 * width, config);
  const outer = conv1d(mlp.child('c_proj'), activations[config.activation_function](inner), width, config);
  return middle.add(mlp.dropout(outer, config.resid_pdrop));
}

/** Self-attention with query, key and value from one product. */
function attention(context: ModuleContext, x: Value, { config, index, bias }: Gpt2LayerOptions): Value {
  const { n_embd: width, n_head: heads } = config;
  const shape = [x.shape[0]!, x.shape[1]!] as const;
  const [q, k, v] = conv1d(context.child('c_attn'), x, 3 * width, config)
    .split(2, [width, width, width])
    .map((part) => part.reshape([...shape, heads, width / heads]).transpose([0, 2, 1, 3])) as [Value, Value, Value];
  const byWidth = config.scale_attn_weights ? Math.sqrt(width / heads) : 1;
  const byLayer = config.scale_attn_by_inverse_layer_idx ? index + 1 : 1;
  const attended = scaledDotProductAttention(context.child('probabilities'), q, k, v, {
    attnBias: bias,
    attnScale: 1 / (byWidth * byLayer),
    dropout: config.attn_pdrop,
  });
  const joined = attended.transpose([0, 2, 1, 3]).reshape([...shape, width]);
  return conv1d(context.child('c_proj'), joined, width, config);
}

/** `x W + b` with `weight` `[in, out]`: the layout that GPT-2's checkpoints use instead of a linear layer's. */
function conv1d(context: ModuleContext, x: Value, out: number, { initializer_range: std }: Gpt2Config): Value {
  const weight = context.parameter('weight', [widthOf(x, 'conv1d'), out], normal(std));
  return x.matmul(weight).add(context.parameter('bias', [out], zeros));
}
