import type { HostTensor } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { isFinalProjection } from './final-projection.js';
import { type ConstantMatrix, constantMatrix, type LinearMatch, matchLinear } from './match.js';
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

/** Emits `x W + b` with a quantized weight; `bias` is of the new graph, `name` the name of the result. */
export type EmitProduct = (
  x: Value,
  weight: ConstantMatrix,
  bias: Value | undefined,
  name: string,
  rewriting: Rewriting,
) => Value;

/**
 * Quantizes the weights of products and attention, and tables that are gathered from. Attention becomes a quantized
 * product, a split and `MultiHeadAttention`. LayerNormalization, softmax and scores keep float32.
 */
export function quantizeProducts(graph: Graph, emit: EmitProduct, scope: QuantizationScope): Graph {
  const { embeddings = true, maxFloatScores = 2 ** 20, minElements = 4096 } = scope;
  const isLarge = ({ data }: { readonly data: { readonly length: number } }) => data.length >= minElements;
  const linear: RewriteRule = (node, rewriting) => {
    const match = matchLinear(node, rewriting);
    const [result] = node.outputs;
    if (match === undefined || !isLarge(match.weight)) return undefined;
    if (match.weight.data.length <= maxFloatScores && isFinalProjection(result!, rewriting)) return undefined;
    return emitLinear(match, result!.name, emit, rewriting);
  };
  const attention: RewriteRule = (node, rewriting) => {
    const match = matchAttention(node, rewriting);
    return match && isLarge(match.weight) ? splitAttention(node, match, emit, rewriting) : undefined;
  };
  const table: RewriteRule = (node, rewriting) => {
    const data = gatheredTable(node, rewriting);
    return data && isLarge(data) ? gatherRows(node, data, rewriting) : undefined;
  };
  return rewriteGraph(graph, { rules: [attention, linear, ...(embeddings ? [table] : [])] });
}

function emitLinear({ x, weight, bias }: LinearMatch, name: string, emit: EmitProduct, rewriting: Rewriting): Value {
  return emit(rewriting.copyOf(x), weight, bias && rewriting.copyOf(bias), name, rewriting);
}

interface AttentionMatch {
  readonly x: Value;
  readonly weight: ConstantMatrix;
}

/** An `Attention` that is nothing but self-attention with a mask per key. */
function matchAttention({ op, inputs }: GraphNode, rewriting: Rewriting): AttentionMatch | undefined {
  const [x, weights, , mask, past] = inputs;
  if (op !== 'Attention' || past != null || (mask != null && mask.rank !== 2)) return undefined;
  const weight = constantMatrix(weights!, rewriting);
  return weight && { x: x!, weight };
}

const keptAttributes = ['num_heads', 'scale', 'mask_filter_value'];

function splitAttention(
  { inputs, outputs, attributes }: GraphNode,
  { x, weight }: AttentionMatch,
  emit: EmitProduct,
  rewriting: Rewriting,
): Value {
  const { graph } = rewriting;
  const copy = (value: Value | null | undefined) => (value == null ? undefined : rewriting.copyOf(value));
  const [, , bias, mask, , attentionBias] = inputs;
  const third = weight.columns / 3;
  const widths = intsAttribute(attributes, 'qkv_hidden_sizes') ?? [third, third, third];
  const packed = emit(copy(x)!, weight, copy(bias), graph.freshName('qkv'), rewriting);
  const parts = packed.split(2, widths);
  const kept = Object.fromEntries(Object.entries(attributes).filter(([name]) => keptAttributes.includes(name)));
  const operands = [...parts, null, copy(mask) ?? null, copy(attentionBias) ?? null];
  return graph.emit('MultiHeadAttention', operands, kept, [outputs[0]!.name])[0]!;
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
