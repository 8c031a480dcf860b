import { fuseGraph, type Graph, quantizeDynamic, quantizeWeights, storeFloat16 } from '@zooid/onnx';
import type { Variant } from '../variants.js';

export interface VariantRule {
  readonly build: (plain: Graph) => Graph;
  /**
   * Largest difference that is accepted, as a share of the largest element of an output: rounding for the fused graph,
   * and for the others about twice what sound models show.
   */
  readonly difference: number;
  /** Whether it is made to differ, so that labelled data says better than its outputs whether it does too much. */
  readonly isLossy: boolean;
}

/** All begin with the float32 graph, whichever form it was read from. */
export const variantRules: { readonly [V in Variant]: VariantRule } = {
  // Only ever made from float16 storage, which graphs of others may also compute in.
  fp32: { build: (plain) => plain, difference: 0.01, isLossy: false },
  fused: { build: fuseGraph, difference: 1e-4, isLossy: false },
  int8: { build: (plain) => quantizeDynamic(fuseGraph(plain)), difference: 0.1, isLossy: true },
  q4: { build: (plain) => quantizeWeights(fuseGraph(plain)), difference: 0.2, isLossy: true },
  // Not fused: this is the form that also runs where com.microsoft's attention is missing, as on WebGPU.
  fp16: { build: storeFloat16, difference: 0.01, isLossy: false },
};

/** Matrices that a quantized graph still has in float32, by the names they had in the plain one. */
export function floatMatrices(graph: Graph): string[] {
  return [...graph.initializers]
    .filter(
      ([, { dtype, dims, data }]) => dtype === 'float32' && dims.length === 2 && dims[1] !== 1 && data.length >= 256,
    )
    .map(([{ name }]) => name.replace(/\.transposed_\d+$/, ''));
}
