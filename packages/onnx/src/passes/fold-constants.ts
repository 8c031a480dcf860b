import { type Dim, type HostTensor, isStaticShape, tensor } from '@zooid/tensor';
import type { Graph, GraphNode } from '../graph.js';
import { evaluateNode } from './evaluate-node.js';
import { type RewriteRule, rewriteGraph } from './rewrite-graph.js';

/** A constant that grows by more than this is cheaper to compute than to store. */
const MAX_GROWTH_BYTES = 4096;

/**
 * Replaces what can be computed now by its result: nodes of constants, shape arithmetic with a known result, and
 * computed targets of `Reshape` that a constant can say. `Identity` goes. Weights that several nodes share stay shared.
 */
export function foldConstants(graph: Graph): Graph {
  return rewriteGraph(graph, { rules: [removeIdentity, foldContents, foldNode, simplifyReshape] });
}

const removeIdentity: RewriteRule = ({ op, inputs }, rewriting) =>
  op === 'Identity' ? rewriting.copyOf(inputs[0]!) : undefined;

/** Integers that shape inference knows. */
const foldContents: RewriteRule = (node, { source, graph }) => {
  const [output] = node.outputs;
  const { dtype, shape } = output!;
  if (node.outputs.length !== 1 || (dtype !== 'int64' && dtype !== 'int32')) return undefined;
  const contents = source.contents(output!);
  if (contents === undefined || !isNumbers(contents) || !isStaticShape(shape)) return undefined;
  return graph.literal(output!.name, tensor(dtype, contents, shape));
};

const isNumbers = (contents: readonly Dim[]): contents is readonly number[] =>
  contents.every((dim) => typeof dim === 'number');

const foldNode: RewriteRule = (node, rewriting) => {
  const { graph } = rewriting;
  const inputs = node.inputs.filter((value) => value !== null);
  const data = inputs.flatMap((value) => graph.initializers.get(rewriting.copyOf(value)) ?? []);
  if (data.length === 0 || data.length < node.inputs.length) return undefined;
  const large = inputs.find((value) => isLarge(rewriting.data(value)));
  if (large !== undefined && !sameUse(rewriting.users(large)) && !rewriting.isInner(large)) return undefined;
  const evaluate = () => {
    const result = evaluateNode(node, data);
    const before = data.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (result === undefined || result.data.byteLength > before + MAX_GROWTH_BYTES) return undefined;
    return graph.initializer(node.outputs[0]!.name, result);
  };
  // Layers that share their weights go on sharing them.
  return large === undefined ? evaluate() : rewriting.once(`fold ${large.name}`, evaluate);
};

const isLarge = (data: HostTensor | undefined): boolean => (data?.data.byteLength ?? 0) > MAX_GROWTH_BYTES;

/**
 * Whether all users of a weight do the same with it and nothing else. One that is transposed here and used as it is
 * elsewhere (tied embeddings) would be stored twice.
 */
function sameUse(users: readonly GraphNode[]): boolean {
  const use = ({ op, inputs, attributes }: GraphNode) => `${op} ${inputs.length} ${JSON.stringify(attributes)}`;
  return users.every((user) => user.inputs.length === 1 && use(user) === use(users[0]!));
}

/** A target that is computed from shapes, where dims can be copied from the same place and at most one inferred. */
const simplifyReshape: RewriteRule = ({ op, inputs, outputs, attributes }, rewriting) => {
  const [x, target] = inputs;
  if (op !== 'Reshape' || rewriting.data(target!) !== undefined || attributes.allowzero === 1) return undefined;
  const { shape, name } = outputs[0]!;
  const cheap = shape.map((dim, i) => (typeof dim === 'string' && dim === x!.shape[i] ? 0 : dim));
  if (cheap.filter((dim) => typeof dim === 'string').length > 1) return undefined;
  const constant = cheap.map((dim) => (typeof dim === 'string' ? -1 : dim));
  const { graph } = rewriting;
  return graph.emit('Reshape', [rewriting.copyOf(x!), graph.constant(constant, 'int64')], {}, [name])[0]!;
};
