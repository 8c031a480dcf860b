import type { Graph } from '../graph.js';
import { foldConstants } from './fold-constants.js';
import { fuseAttention } from './fuse-attention.js';
import { fuseBiasGelu, fuseErfGelu } from './fuse-gelu.js';
import { rewriteGraph } from './rewrite-graph.js';

/**
 * The graph with operators of com.microsoft in place of several standard ones: `Attention` with packed projections,
 * `Gelu` and `BiasGelu`. Constants are folded and dead nodes dropped. Results agree with the plain graph to rounding.
 *
 * Residual sums stay `Add` + `LayerNormalization`: the fused `SkipLayerNormalization` is the slower kernel on CPU.
 */
export function fuseGraph(graph: Graph): Graph {
  const folded = foldConstants(graph);
  const withGelu = rewriteGraph(folded, { rules: [fuseErfGelu] });
  return rewriteGraph(withGelu, { rules: [fuseAttention, fuseBiasGelu] });
}
