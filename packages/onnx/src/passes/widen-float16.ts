import { type HostTensor, tensor, toFloat32 } from '@zooid/tensor';
import { intAttribute } from '../attributes.js';
import { dtypeCode } from '../data-types.js';
import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { type InitializerRule, type RewriteRule, type Rewriting, rewriteGraph } from './rewrite-graph.js';

const [FLOAT16, FLOAT32] = [dtypeCode('float16'), dtypeCode('float32')];

/**
 * The graph in float32 throughout: float16 constants are widened, which loses nothing, and what casts to or from float16
 * goes. A weight that was stored for a cast gets the name of what the cast gave, so this undoes `storeFloat16`.
 *
 * @throws ShapeMismatchError or GraphError when the graph takes float16 from outside and computes with it.
 */
export function widenFloat16(graph: Graph): Graph {
  return rewriteGraph(graph, { initializers: widenInitializer, rules: [widenCast] });
}

const widenInitializer: InitializerRule = (value, data, rewriting) => {
  if (data.dtype !== 'float16') return undefined;
  const widened: HostTensor = tensor('float32', toFloat32(data), data.dims);
  const { graph, source } = rewriting;
  if (source.literals.has(value)) return graph.literal(value.name, widened);
  return graph.initializer(castOf(value, rewriting)?.name ?? value.name, widened);
};

/** The value in float32, when that is all that anybody reads of it. */
function castOf(value: Value, rewriting: Rewriting): Value | undefined {
  const [user] = rewriting.users(value);
  return rewriting.isInner(value) && user!.op === 'Cast' && target(user!) === FLOAT32 ? user!.outputs[0] : undefined;
}

const widenCast: RewriteRule = (node, rewriting) => {
  if (node.op !== 'Cast' || ![FLOAT16, FLOAT32].includes(target(node))) return undefined;
  const x = rewriting.copyOf(node.inputs[0]!);
  if (x.dtype === 'float32') return x;
  return rewriting.graph.emit('Cast', [x], { to: FLOAT32 }, [node.outputs[0]!.name])[0]!;
};

const target = ({ attributes }: GraphNode): number => intAttribute(attributes, 'to', 0);
