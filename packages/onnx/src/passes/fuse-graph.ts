import type { Graph } from '../graph.js';
import { pruneGraph } from '../prune-graph.js';
import { foldConstants } from './fold-constants.js';
import { fuseAttention } from './fuse-attention.js';
import { fuseBiasGelu, fuseErfGelu } from './fuse-gelu.js';
import { rewriteGraph } from './rewrite-graph.js';
import { selectEarly } from './select-early.js';

/**
 * The graph with operators of com.microsoft in place of several standard ones: `Attention` and `MultiHeadAttention` with
 * packed projections, `Gelu` and `BiasGelu`. What nobody reads is not computed: of a classifier on the first token, most
 * of the last layer. Constants are folded. Results agree with the plain graph to rounding.
 *
 * Residual sums stay `Add` + `LayerNormalization`: the fused `SkipLayerNormalization` is the slower kernel on CPU.
 */
export function fuseGraph(graph: Graph): Graph {
  const copy = pruneGraph(graph, { keepInputs: true });
  selectEarly(copy, { needed: copy.outputs });
  const folded = foldConstants(copy);
  const withGelu = rewriteGraph(folded, { rules: [fuseErfGelu] });
  return rewriteGraph(withGelu, { rules: [fuseAttention, fuseBiasGelu] });
}
