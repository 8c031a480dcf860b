import { floatAttribute, intAttribute } from '../attributes.js';
import type { Graph } from '../graph.js';
import type { ConstantMatrix } from './match.js';
import {
  type AttentionMatch,
  type EmitAttention,
  type EmitProduct,
  type QuantizationScope,
  quantizeProducts,
} from './quantize-products.js';
import { quantizeColumns, type SymmetricOptions } from './quantize-weights.js';
import type { Rewriting } from './rewrite-graph.js';

export interface DynamicQuantizationOptions extends QuantizationScope, SymmetricOptions {}

/**
 * int8 weights with a scale per output, and activations quantized as they come: products become com.microsoft
 * `DynamicQuantizeMatMul`, attention `QAttention`. Meant for a fused graph.
 *
 * Activations get one scale per tensor, so a row's result depends, slightly, on the rows it shares a batch with.
 */
export function quantizeDynamic(graph: Graph, options: DynamicQuantizationOptions = {}): Graph {
  const columns = (weight: ConstantMatrix, rewriting: Rewriting) =>
    rewriting.once(`int8 ${weight.key}`, () => {
      const matrix = quantizeColumns(weight, options);
      const { graph } = rewriting;
      return {
        values: graph.initializer(graph.freshName('int8'), matrix.values),
        scales: graph.initializer(graph.freshName('scale'), matrix.scales),
      };
    });
  const product: EmitProduct = (x, weight, bias, name, rewriting) => {
    const { values, scales } = columns(weight, rewriting);
    return rewriting.graph.emit('DynamicQuantizeMatMul', [x, values, scales, null, bias ?? null], {}, [name])[0]!;
  };
  const attention: EmitAttention = (match, name, rewriting) => {
    if (!fitsQuantizedAttention(match)) return undefined;
    const { graph } = rewriting;
    const { x, weight, bias, mask, attributes } = match;
    const { values, scales } = columns(weight, rewriting);
    const [input, scale, zero] = graph.emit('DynamicQuantizeLinear', [rewriting.copyOf(x)], {}, 3);
    const masking = mask === undefined ? null : rewriting.copyOf(mask);
    const operands = [input!, values, rewriting.copyOf(bias!), scale!, scales, masking, zero!];
    const { num_heads, mask_filter_value } = attributes;
    const kept = { num_heads: num_heads!, ...(mask_filter_value !== undefined && { mask_filter_value }) };
    return graph.emit('QAttention', operands, kept, [name])[0]!;
  };
  return quantizeProducts(graph, { product, attention, biasIsFree: true }, options);
}

/** `QAttention` has a bias, equal widths, scores over the root of a head's size, and nothing added to them but a mask. */
function fitsQuantizedAttention({ bias, scoreBias, widths, attributes }: AttentionMatch): boolean {
  if (bias === undefined || scoreBias !== undefined || widths.some((width) => width !== widths[0])) return false;
  const usual = 1 / Math.sqrt(widths[0]! / intAttribute(attributes, 'num_heads', 1));
  const scale = floatAttribute(attributes, 'scale', usual);
  return Math.abs(scale - usual) < 1e-6 * usual;
}
