import type { HostTensor } from '@zooid/tensor';
import { type Attributes, intAttribute, intsAttribute } from '../attributes.js';
import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { isFinalProjection } from './final-projection.js';
import { type ConstantMatrix, constantMatrix, type LinearMatch, matchLinear, producedBy } from './match.js';
import { quantizeRows } from './quantize-weights.js';
import { type RewriteRule, type Rewriting, rewriteGraph } from './rewrite-graph.js';

/** Which weights are quantized. */
export interface QuantizationScope {
  /** Whether large embedding tables become int8 rows with a scale each. Default true. */
  readonly embeddings?: boolean;
  /**
   * Scores keep float32 weights up to this size, for they decide and are cheap; above it (a vocabulary) they would be
   * most of the file. Default 2²⁰ elements.
   */
  readonly maxFloatScores?: number;
  /** Smaller weights stay float32: they are no cost in size nor in time. Default 4096 elements. */
  readonly minElements?: number;
}

/** How a graph computes with quantized weights. */
export interface QuantizedForm {
  readonly product: EmitProduct;
  /** Default: a product with the packed projections, a split, and `MultiHeadAttention`. */
  readonly attention?: EmitAttention;
  /** Whether a product adds its bias at no cost; then `BiasGelu` behind one becomes `Gelu`. Default false. */
  readonly biasIsFree?: boolean;
}

/** Emits `x W + b` with a quantized weight; `bias` is of the new graph, `name` the name of the result. */
export type EmitProduct = (
  x: Value,
  weight: ConstantMatrix,
  bias: Value | undefined,
  name: string,
  rewriting: Rewriting,
) => Value;

/** Emits attention with quantized projections; `undefined` where the form has no such operator for this one. */
export type EmitAttention = (match: AttentionMatch, name: string, rewriting: Rewriting) => Value | undefined;

/** An `Attention` of the source graph that is nothing but self-attention with a mask per key. */
export interface AttentionMatch {
  readonly x: Value;
  /** The projections side by side. */
  readonly weight: ConstantMatrix;
  readonly bias: Value | undefined;
  /** `[batch, key]`: 0 hides a key. */
  readonly mask: Value | undefined;
  /** `[batch, heads, query, key]`, added to the scores. */
  readonly scoreBias: Value | undefined;
  /** Columns of queries, keys and values. */
  readonly widths: readonly number[];
  readonly attributes: Attributes;
}

/**
 * Quantizes the weights of products and attention, and tables that are gathered from. LayerNormalization, softmax and scores
 * keep float32.
 */
export function quantizeProducts(graph: Graph, form: QuantizedForm, scope: QuantizationScope): Graph {
  const { embeddings = true, maxFloatScores = 2 ** 20, minElements = 4096 } = scope;
  const isLarge = ({ data }: { readonly data: { readonly length: number } }) => data.length >= minElements;
  const linear: RewriteRule = (node, rewriting) => {
    const match = matchLinear(node, rewriting);
    const [result] = node.outputs;
    if (match === undefined || !isLarge(match.weight)) return undefined;
    if (match.weight.data.length <= maxFloatScores && isFinalProjection(result!, rewriting)) return undefined;
    return emitLinear(match, result!.name, form, rewriting);
  };
  const gelu: RewriteRule = (node, rewriting) => {
    const match = form.biasIsFree === true ? matchBiasGelu(node, rewriting) : undefined;
    if (match === undefined || !isLarge(match.weight)) return undefined;
    const inner = emitLinear(match, rewriting.graph.freshName('linear'), form, rewriting);
    return rewriting.graph.emit('Gelu', [inner], {}, [node.outputs[0]!.name])[0]!;
  };
  const attention: RewriteRule = (node, rewriting) => {
    const match = matchAttention(node, rewriting);
    if (match === undefined || !isLarge(match.weight)) return undefined;
    const [{ name }] = node.outputs as readonly [Value];
    return form.attention?.(match, name, rewriting) ?? splitAttention(match, name, form, rewriting);
  };
  const table: RewriteRule = (node, rewriting) => {
    const data = gatheredTable(node, rewriting);
    return data && isLarge(data) ? gatherRows(node, data, rewriting) : undefined;
  };
  return rewriteGraph(graph, { rules: [attention, gelu, linear, ...(embeddings ? [table] : [])] });
}

function emitLinear(
  { x, weight, bias }: LinearMatch,
  name: string,
  { product }: QuantizedForm,
  rewriting: Rewriting,
): Value {
  return product(rewriting.copyOf(x), weight, bias && rewriting.copyOf(bias), name, rewriting);
}

/** `BiasGelu` right behind a product that nobody else reads. */
function matchBiasGelu({ op, inputs }: GraphNode, rewriting: Rewriting): LinearMatch | undefined {
  const [x, bias] = inputs;
  const product = op === 'BiasGelu' && rewriting.isInner(x!) ? producedBy(x, 'MatMul') : undefined;
  const match = product && matchLinear(product, rewriting);
  return match && { ...match, bias: bias! };
}

function matchAttention({ op, inputs, attributes }: GraphNode, rewriting: Rewriting): AttentionMatch | undefined {
  const [x, weights, bias, mask, past, scoreBias] = inputs;
  if (op !== 'Attention' || past != null || (mask != null && mask.rank !== 2)) return undefined;
  if (intAttribute(attributes, 'unidirectional', 0) !== 0) return undefined;
  const weight = constantMatrix(weights!, rewriting);
  if (weight === undefined) return undefined;
  const third = weight.columns / 3;
  const widths = intsAttribute(attributes, 'qkv_hidden_sizes') ?? [third, third, third];
  const [optionalBias, optionalMask, optionalScoreBias] = [bias, mask, scoreBias].map((value) => value ?? undefined);
  return {
    x: x!,
    weight,
    bias: optionalBias,
    mask: optionalMask,
    scoreBias: optionalScoreBias,
    widths,
    attributes,
  };
}

const keptAttributes = ['num_heads', 'scale', 'mask_filter_value'];

function splitAttention(
  { x, weight, bias, mask, scoreBias, widths, attributes }: AttentionMatch,
  name: string,
  form: QuantizedForm,
  rewriting: Rewriting,
): Value {
  const { graph } = rewriting;
  const copy = (value: Value | undefined) => value && rewriting.copyOf(value);
  const packed = emitLinear({ x, weight, bias }, graph.freshName('qkv'), form, rewriting);
  const kept = Object.fromEntries(Object.entries(attributes).filter(([key]) => keptAttributes.includes(key)));
  const operands = [...packed.split(2, widths), null, copy(mask) ?? null, copy(scoreBias) ?? null];
  return graph.emit('MultiHeadAttention', operands, kept, [name])[0]!;
}

function gatheredTable({ op, inputs, attributes }: GraphNode, rewriting: Rewriting) {
  const isRows = op === 'Gather' && intAttribute(attributes, 'axis', 0) === 0;
  return isRows ? rewriting.floats(inputs[0]!, 2) : undefined;
}

/** Rows of a float32 table → rows of int8, scaled after they were gathered. */
function gatherRows({ inputs, outputs }: GraphNode, data: HostTensor<'float32'>, rewriting: Rewriting): Value {
  const { graph } = rewriting;
  const [table, ids] = inputs as readonly [Value, Value];
  const { values, scales } = rewriting.once(`rows ${table.name}`, () => {
    const quantized = quantizeRows(data);
    return {
      values: graph.initializer(graph.freshName('int8'), quantized.values),
      scales: graph.initializer(graph.freshName('scale'), quantized.scales),
    };
  });
  const indices = rewriting.copyOf(ids);
  const rows = values.gather(indices).cast('float32');
  return graph.emit('Mul', [rows, scales.gather(indices)], {}, [outputs[0]!.name])[0]!;
}
