import type { Graph } from '../graph.js';
import type { Value } from '../value.js';
import type { ConstantMatrix } from './match.js';
import { type QuantizationScope, quantizeProducts } from './quantize-products.js';
import { quantizeColumns, type SymmetricOptions } from './quantize-weights.js';
import type { Rewriting } from './rewrite-graph.js';

export interface DynamicQuantizationOptions extends QuantizationScope, SymmetricOptions {}

/**
 * int8 weights with a scale per output, and activations quantized as they come: products become com.microsoft
 * `DynamicQuantizeMatMul`. Meant for a fused graph.
 *
 * Activations get one scale per tensor, so a row's result depends, slightly, on the rows it shares a batch with.
 */
export function quantizeDynamic(graph: Graph, options: DynamicQuantizationOptions = {}): Graph {
  const emit = (x: Value, weight: ConstantMatrix, bias: Value | undefined, name: string, rewriting: Rewriting) => {
    const { graph } = rewriting;
    const { values, scales } = rewriting.once(`int8 ${weight.key}`, () => {
      const matrix = quantizeColumns(weight, options);
      return {
        values: graph.initializer(graph.freshName('int8'), matrix.values),
        scales: graph.initializer(graph.freshName('scale'), matrix.scales),
      };
    });
    return graph.emit('DynamicQuantizeMatMul', [x, values, scales, null, bias ?? null], {}, [name])[0]!;
  };
  return quantizeProducts(graph, emit, options);
}
