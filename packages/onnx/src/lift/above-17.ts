import { intAttribute, stringAttribute } from '../attributes.js';
import { GraphError } from '../errors.js';
import type { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { type Lift, type NodeSpec, without } from './node-spec.js';

/** What an input holds, where it must be known now. */
function knownNumbers(node: NodeSpec, graph: Graph, value: Value, what: string): readonly number[] {
  const contents = graph.contents(value);
  if (contents?.every((item) => typeof item === 'number')) return contents as readonly number[];
  throw new GraphError(
    `${node.opType} '${node.name}' computes its ${what} while it runs, which opset 17 cannot say; export it with constant ${what}`,
  );
}

/** Opset 18 moved the axes of reductions to the second input. */
const axesToAttribute: Lift = (node, graph) => {
  const axes = node.inputs[1];
  const rest = without(node.attributes, 'noop_with_empty_axes');
  const numbers = axes == null ? [] : knownNumbers(node, graph, axes, 'axes');
  if (numbers.length > 0) return { ...node, inputs: [node.inputs[0]!], attributes: { ...rest, axes: numbers } };
  const x = node.inputs[0] ?? null;
  if (intAttribute(node.attributes, 'noop_with_empty_axes', 0) === 0) return { ...node, inputs: [x], attributes: rest };
  // Over no axes, what is left of a norm is the function of each entry.
  if (node.opType === 'ReduceSumSquare') return { ...node, opType: 'Mul', inputs: [x, x], attributes: {} };
  const opType = node.opType === 'ReduceL1' || node.opType === 'ReduceL2' ? 'Abs' : 'Identity';
  return { ...node, opType, inputs: [x], attributes: {} };
};

/** Opset 18 lets the last part be smaller; opset 17 must be told the sizes then. */
const split: Lift = (node, graph) => {
  const attributes = without(node.attributes, 'num_outputs');
  const x = node.inputs[0];
  const axis = intAttribute(attributes, 'axis', 0);
  const size = x?.shape.at(axis);
  const parts = node.outputs.length;
  if (node.inputs[1] != null || typeof size !== 'number' || size % parts === 0) return { ...node, attributes };
  const each = Math.ceil(size / parts);
  const sizes = Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  return { ...node, inputs: [x!, graph.constant(sizes, 'int64')], attributes };
};

/** Opset 18 can pad some axes only; opset 17 names all of them. */
const pad: Lift = (node, graph) => {
  const axes = node.inputs[3];
  const [x, pads] = [node.inputs[0], node.inputs[1]];
  if (axes == null || x == null || pads == null) return node;
  const some = knownNumbers(node, graph, axes, 'axes').map((axis) => (axis < 0 ? axis + x.rank : axis));
  const amounts = knownNumbers(node, graph, pads, 'pads');
  const all = Array<number>(2 * x.rank).fill(0);
  some.forEach((axis, i) => {
    all[axis] = amounts[i] ?? 0;
    all[x.rank + axis] = amounts[some.length + i] ?? 0;
  });
  return { ...node, inputs: [x, graph.constant(all, 'int64'), node.inputs[2] ?? null] };
};

/** Opset 19 says how casts to 8-bit floats saturate, which does not concern the dtypes that are carried here. */
const cast: Lift = (node) => ({ ...node, attributes: without(node.attributes, 'saturate') });

/** Opset 20 made GELU a standard operator; opset 17 has the exact one in com.microsoft and no approximate one. */
const gelu: Lift = (node, graph) => {
  const x = node.inputs[0];
  if (stringAttribute(node.attributes, 'approximate', 'none') !== 'tanh' || x == null)
    return { ...node, domain: 'com.microsoft', attributes: {} };
  const inner = x.add(x.mul(x.square()).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return graph.emit('Mul', [x.mul(0.5), inner.tanh().add(1)], {}, node.outputs, '', node.name);
};

const reductions = [
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceSumSquare',
  'ReduceLogSumExp',
] as const;

export const liftFromAbove17: Readonly<Record<string, Lift>> = {
  ...Object.fromEntries(reductions.map((op) => [op, axesToAttribute])),
  Split: split,
  Pad: pad,
  Cast: cast,
  Gelu: gelu,
};
