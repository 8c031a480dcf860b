import { type HostTensor, tensor, toFloat16 } from '@zooid/tensor';
import { dtypeCode } from '../data-types.js';
import type { Graph } from '../graph.js';
import { type InitializerRule, rewriteGraph } from './rewrite-graph.js';

/** Smaller constants are no weights, or too small to matter. */
const MIN_ELEMENTS = 256;
const LARGEST_FLOAT16 = 65504;

/**
 * The graph with its float32 weights stored as float16 and cast back where they are used: half the file, computed in
 * float32 on every processor. The runtime casts once, when it loads. Weights beyond ±65504 stay as they are.
 */
export function storeFloat16(graph: Graph): Graph {
  return rewriteGraph(graph, { initializers: asFloat16 });
}

const asFloat16: InitializerRule = ({ name }, data, { graph }) => {
  if (data.dtype !== 'float32' || data.data.length < MIN_ELEMENTS) return undefined;
  const { data: values, dims } = data as HostTensor<'float32'>;
  if (!fitsFloat16(values)) return undefined;
  const stored = graph.initializer(graph.freshName(`${name}.float16`), tensor('float16', toFloat16(values), dims));
  return graph.emit('Cast', [stored], { to: dtypeCode('float32') }, [name])[0]!;
};

function fitsFloat16(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) <= LARGEST_FLOAT16)) return false;
  return true;
}
