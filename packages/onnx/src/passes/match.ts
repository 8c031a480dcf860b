import { intAttribute, intsAttribute } from '../attributes.js';
import type { GraphNode } from '../graph.js';
import type { Op } from '../ops/index.js';
import type { Value } from '../value.js';
import type { MatrixView } from './quantize-weights.js';
import type { Rewriting } from './rewrite-graph.js';

/** The node that computes `value`, when it is of that operator. */
export function producedBy(value: Value | null | undefined, op: Op): GraphNode | undefined {
  return value?.producer?.op === op ? value.producer : undefined;
}

/** Whether the node is a `Transpose` with this permutation. */
export function transposes(node: GraphNode | undefined, ...perm: readonly number[]): node is GraphNode {
  if (node?.op !== 'Transpose') return false;
  const given =
    intsAttribute(node.attributes, 'perm') ?? node.inputs[0]!.shape.map((_, i, { length }) => length - 1 - i);
  return given.join() === perm.join();
}

/** The two operands of a commutative node, with the one that `isWanted` accepts first. */
export function operands<T>(node: GraphNode, wanted: (value: Value) => T | undefined): [T, Value] | undefined {
  const [a, b] = node.inputs as readonly [Value, Value];
  const first = wanted(a);
  if (first !== undefined) return [first, b];
  const second = wanted(b);
  return second === undefined ? undefined : [second, a];
}

/** A matrix of the source graph. */
export interface ConstantMatrix extends MatrixView {
  /** Equal for equal matrices: layers may share their weights. */
  readonly key: string;
}

/** A constant float32 matrix `[inner, columns]`, stored so or as the transpose of what is stored. */
export function constantMatrix(value: Value, rewriting: Rewriting): ConstantMatrix | undefined {
  const transpose = producedBy(value, 'Transpose');
  const stored = transpose === undefined ? value : transposes(transpose, 1, 0) ? transpose.inputs[0]! : undefined;
  return stored && storedMatrix(stored, transpose !== undefined, rewriting);
}

function storedMatrix(stored: Value, transposed: boolean, rewriting: Rewriting): ConstantMatrix | undefined {
  const tensor = rewriting.floats(stored, 2);
  if (tensor === undefined) return undefined;
  const { data, dims } = tensor;
  const [inner, columns] = (transposed ? dims.toReversed() : dims) as [number, number];
  return { data, inner, columns, transposed, key: `${stored.name}${transposed ? ' transposed' : ''}` };
}

/** `x W + b` with a constant weight. */
export interface LinearMatch {
  readonly x: Value;
  readonly weight: ConstantMatrix;
  /** A constant of the source graph, `[columns]`. */
  readonly bias: Value | undefined;
}

/** Matches `MatMul`, `Add(MatMul, b)` and `Gemm` at the node that gives the result. */
export function matchLinear(node: GraphNode, rewriting: Rewriting): LinearMatch | undefined {
  if (node.op === 'MatMul') return matchProduct(node, rewriting);
  if (node.op === 'Gemm') return matchGemm(node, rewriting);
  if (node.op !== 'Add') return undefined;
  const match = operands(node, (value) => {
    const product = producedBy(value, 'MatMul');
    return product !== undefined && rewriting.isInner(value) ? matchProduct(product, rewriting) : undefined;
  });
  if (match === undefined) return undefined;
  const [linear, bias] = match;
  return rewriting.floats(bias, 1)?.dims[0] === linear.weight.columns ? { ...linear, bias } : undefined;
}

function matchProduct({ inputs }: GraphNode, rewriting: Rewriting): LinearMatch | undefined {
  const [x, w] = inputs as readonly [Value, Value];
  const weight = constantMatrix(w, rewriting);
  return weight === undefined || x.rank < 2 ? undefined : { x, weight, bias: undefined };
}

function matchGemm({ inputs, attributes }: GraphNode, rewriting: Rewriting): LinearMatch | undefined {
  const [x, w, bias] = inputs as readonly [Value, Value, Value | null | undefined];
  const plain = ['alpha', 'beta'].every((name) => isOne(attributes[name]));
  const weight = storedMatrix(w, intAttribute(attributes, 'transB', 0) !== 0, rewriting);
  if (!plain || weight === undefined || intAttribute(attributes, 'transA', 0) !== 0) return undefined;
  if (bias != null && rewriting.floats(bias, 1)?.dims[0] !== weight.columns) return undefined;
  return { x, weight, bias: bias ?? undefined };
}

function isOne(attribute: GraphNode['attributes'][string] | undefined): boolean {
  const value = typeof attribute === 'object' && 'float' in attribute ? attribute.float : attribute;
  return value === undefined || value === 1;
}
