import { GraphError, type Value } from '@zooid/onnx';
import { linear, widthOf } from './linear.js';
import type { ModuleContext } from './module-context.js';
import type { AttentionPrefix } from './peft/prefix.js';

export interface ScaledDotProductOptions {
  /** Added to the scores before softmax: `[batch | 1, 1 | heads, query, key]`, size-1 axes broadcast. */
  readonly attnBias?: Value;
  /** Multiplies `q kᵀ`; default `1/√d`. */
  readonly attnScale?: number;
  /** Dropout rate on the attention probabilities; default 0. */
  readonly dropout?: number;
}

export interface MultiHeadAttentionOptions extends ScaledDotProductOptions {
  readonly heads: number;
  /** Total width of all heads; default: the query's width. */
  readonly width?: number;
  /** Standard deviation of the initial weights; default 0.02. */
  readonly std?: number;
  /** Further keys and values, before those of the tokens; `attnBias` has their columns too. */
  readonly prefix?: AttentionPrefix;
  /** What the projections are called; default `query`, `key`, `value`. */
  readonly names?: Readonly<Record<'query' | 'key' | 'value', string>>;
}

const defaultNames = { query: 'query', key: 'key', value: 'value' } as const;

/**
 * Scaled dot-product attention: `softmax(q kᵀ · scale + bias) v`.
 *
 * @param q `[batch, heads, query, d]`
 * @param k `[batch, heads, key, d]`
 * @param v `[batch, heads, key, dValue]`
 * @returns `[batch, heads, query, dValue]`
 * @see Vaswani et al. 2017, "Attention Is All You Need", §3.2.1
 */
export function scaledDotProductAttention(
  context: ModuleContext,
  q: Value,
  k: Value,
  v: Value,
  options: ScaledDotProductOptions = {},
): Value {
  const scale = options.attnScale ?? 1 / Math.sqrt(widthOf(q, 'attention'));
  const products = q.matmul(k.swapLastTwo()).mul(scale);
  const scores = options.attnBias === undefined ? products : products.add(options.attnBias);
  return context.dropout(scores.softmax(), options.dropout ?? 0).matmul(v);
}

/**
 * Attention with `query`, `key` and `value` projections, heads side by side in the result; no output projection.
 *
 * @param queries `[batch, query, in]`
 * @param keys `[batch, key, in]`, also the source of the values
 * @returns `[batch, query, width]`
 * @throws GraphError when `heads` does not divide `width`.
 */
export function attentionHeads(
  context: ModuleContext,
  queries: Value,
  keys: Value,
  options: MultiHeadAttentionOptions,
): Value {
  const { heads, width = widthOf(queries, 'attention'), names = defaultNames } = options;
  if (width % heads !== 0) throw new GraphError(`${heads} attention heads do not divide a width of ${width}`);
  const split = (x: Value): Value =>
    x.reshape([x.shape[0]!, x.shape[1]!, heads, width / heads]).transpose([0, 2, 1, 3]);
  const project = (name: string, x: Value): Value =>
    split(linear(context.child(name), x, width, options.std === undefined ? {} : { std: options.std }));
  const before = (first: Value | undefined, x: Value): Value =>
    first === undefined
      ? x
      : split(first.unsqueeze([0]))
          .expand(x.shape.with(2, first.shape[0]!))
          .concat([x], 2);
  const q = project(names.query, queries);
  const k = before(options.prefix?.key, project(names.key, keys));
  const v = before(options.prefix?.value, project(names.value, keys));
  return scaledDotProductAttention(context, q, k, v, options)
    .transpose([0, 2, 1, 3])
    .reshape([queries.shape[0]!, queries.shape[1]!, width]);
}

/**
 * Multi-head attention with its output projection: parameters `query`, `key`, `value` and `output`, each a linear
 * layer. Self-attention when `queries` and `keys` are the same value.
 *
 * @returns `[batch, query, in]`, of the query's width
 */
export function multiHeadAttention(
  context: ModuleContext,
  queries: Value,
  keys: Value,
  options: MultiHeadAttentionOptions,
): Value {
  const attended = attentionHeads(context, queries, keys, options);
  return linear(
    context.child('output'),
    attended,
    widthOf(queries, 'attention'),
    options.std === undefined ? {} : { std: options.std },
  );
}
