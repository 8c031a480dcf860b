import { type Dim, isStaticShape, tensor } from '@zooid/tensor';
import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { evaluateNode } from './evaluate-node.js';
import { type RewriteRule, type Rewriting, rewriteGraph } from './rewrite-graph.js';

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
  if (inputs.some((value) => isTied(value, rewriting))) return undefined;
  const evaluate = (name: string) => {
    const result = evaluateNode(node, data);
    const before = data.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (result === undefined || result.data.byteLength > before + MAX_GROWTH_BYTES) return undefined;
    return graph.initializer(name, result);
  };
  if (node.op !== 'Transpose') return evaluate(node.outputs[0]!.name);
  // Weights keep their names, and layers that share them go on sharing them.
  const [{ name }] = inputs as [Value];
  return rewriting.once(`${permutation(node)} of ${name}`, () => evaluate(graph.freshName(`${name}.transposed`)));
};

/** Whether a large weight is used in several ways (the table of tied embeddings), and would be stored as often. */
function isTied(value: Value, rewriting: Rewriting): boolean {
  if ((rewriting.data(value)?.data.byteLength ?? 0) <= MAX_GROWTH_BYTES || rewriting.isInner(value)) return false;
  const [first, ...others] = rewriting.users(value);
  return [first!, ...others].some((user) => user.op !== 'Transpose' || permutation(user) !== permutation(first!));
}

const permutation = ({ attributes }: GraphNode): string => `perm ${String(attributes.perm)}`;

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
