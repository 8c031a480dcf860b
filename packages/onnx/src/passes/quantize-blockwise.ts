import type { Graph } from '../graph.js';
import type { Value } from '../value.js';
import type { ConstantMatrix } from './match.js';
import { type QuantizationScope, quantizeProducts } from './quantize-products.js';
import { type BlockwiseOptions, quantizeBlockwise } from './quantize-weights.js';
import type { Rewriting } from './rewrite-graph.js';

export interface WeightQuantizationOptions extends QuantizationScope, Partial<BlockwiseOptions> {}

/** Activations are rounded to int8 block by block while a product runs, which is what makes it fast on CPU. */
const ACCURACY_LEVEL = 4;

/**
 * Weights of 4 or 8 bits in blocks with a scale each, activations in float32: products become com.microsoft
 * `MatMulNBits`. Smaller than int8, but faster only where a single row is computed at a time, as when generating.
 *
 * @throws GraphError for block sizes other than 16, 32, 64, 128 and 256.
 */
export function quantizeWeights(graph: Graph, options: WeightQuantizationOptions = {}): Graph {
  const { bits = 4, blockSize = 32 } = options;
  const product = (x: Value, weight: ConstantMatrix, bias: Value | undefined, name: string, rewriting: Rewriting) => {
    const { graph } = rewriting;
    const { key, inner, columns } = weight;
    const { values, scales } = rewriting.once(`blocks ${key}`, () => {
      const matrix = quantizeBlockwise(weight, { bits, blockSize });
      return {
        values: graph.initializer(graph.freshName(`int${bits}`), matrix.values),
        scales: graph.initializer(graph.freshName('scale'), matrix.scales),
      };
    });
    const attributes = { K: inner, N: columns, bits, block_size: blockSize, accuracy_level: ACCURACY_LEVEL };
    if (bias === undefined) return graph.emit('MatMulNBits', [x, values, scales], attributes, [name])[0]!;
    const unbiased = graph.emit('MatMulNBits', [x, values, scales], attributes)[0]!;
    return graph.emit('Add', [unbiased, bias], {}, [name])[0]!;
  };
  return quantizeProducts(graph, { product }, options);
}
