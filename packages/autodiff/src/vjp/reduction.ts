import { intAttribute, type Op, runtimeShape, type Value } from '@zooid/onnx';
import { elementCount, isStaticShape } from '@zooid/tensor';
import { lazy } from './lazy.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';
import { scatterInto } from './scatter.js';

/** `value`, a reduction of `x`, with the reduced axes back as axes of size 1. */
function keepAxes(value: Value, x: Value, node: VjpNode): Value {
  if (value.rank === x.rank) return value;
  return value.unsqueeze(reducedAxes(node, x));
}

function reducedAxes(node: VjpNode, x: Value): readonly number[] {
  const given = node.optional(1);
  const axes = given === undefined ? node.attributes.axes : node.graph.contents(given);
  if (axes === undefined && given !== undefined) return node.missing('has no VJP rule for axes that are computed');
  const all = axes === undefined || (axes as readonly number[]).length === 0;
  return all ? x.shape.map((_, i) => i) : (axes as readonly number[]).map((axis) => (axis < 0 ? axis + x.rank : axis));
}

const sum: VjpRule = (node) => [() => keepAxes(node.dy, node.x, node).expandLike(node.x)];

const mean: VjpRule = (node) => [
  () => {
    const { x, dy, graph } = node;
    const dims = reducedAxes(node, x).map((axis) => x.shape[axis]!);
    const scaled = isStaticShape(dims)
      ? dy.mul(1 / elementCount(dims))
      : dy.div(
          dims
            .map((dim) => runtimeShape(graph, [dim]))
            .reduce((a, b) => a.mul(b))
            .cast(dy.dtype)
            .reshape([]),
        );
    return keepAxes(scaled, x, node).expandLike(x);
  },
];

/** About the smallest normal float32. */
const SMALLEST = 1e-37;

/** Ties share. */
function extremum(node: VjpNode): readonly Cotangent[] {
  const { x, y, dy } = node;
  const mask = lazy(() => x.equal(keepAxes(y, x, node)).cast(x.dtype));
  return [() => mask().mul(keepAxes(dy, x, node).div(mask().sum(reducedAxes(node, x), true)))];
}

/** dy, spread over what was reduced, times the slope at each entry. */
const sloped =
  (slope: (x: Value, y: Value) => Value): VjpRule =>
  (node) => [() => keepAxes(node.dy, node.x, node).mul(slope(node.x, keepAxes(node.y, node.x, node)))];

export const reductionVjps = {
  ReduceSum: sum,
  ReduceMean: mean,
  ReduceMax: extremum,
  ReduceMin: extremum,
  ReduceProd: 'missing',
  ReduceL1: sloped((x) => x.graph.emit('Sign', [x])[0]!),
  // x/‖x‖, and 0 where the norm is 0.
  ReduceL2: sloped((x, y) => x.div(y.maximum(SMALLEST))),
  ReduceSumSquare: sloped((x) => x.mul(2)),
  ReduceLogSumExp: sloped((x, y) => x.sub(y).exp()),
  ArgMax: 'constant',
  ArgMin: 'constant',
  TopK: ({ x, dy, outputs, attributes }) => [
    () => scatterInto(x, outputs[1]!, dy, intAttribute(attributes, 'axis', -1)),
  ],
  // y_i = Σ_{j ≤ i} x_j, so dx_j = Σ_{i ≥ j} dy_i: the same sum from the other end.
  CumSum: ({ dy, inputs, graph, attributes }) => [
    () =>
      graph.emit('CumSum', [dy, inputs[1]!], {
        ...attributes,
        reverse: 1 - intAttribute(attributes, 'reverse', 0),
      })[0]!,
  ],
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
