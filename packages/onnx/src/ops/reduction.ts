import type { Dim } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import { addDims, multiplyDims } from '../dims.js';
import type { NodeView, OpRule } from './rule.js';

export type ReductionOp =
  | 'ReduceSum'
  | 'ReduceMean'
  | 'ReduceMax'
  | 'ReduceMin'
  | 'ReduceProd'
  | 'ReduceL1'
  | 'ReduceL2'
  | 'ReduceSumSquare'
  | 'ReduceLogSumExp'
  | 'ArgMax'
  | 'ArgMin'
  | 'TopK'
  | 'CumSum';

/** Axes come as an attribute, or (ReduceSum since opset 13) as an input. None means all. */
function reduce(node: NodeView) {
  const x = node.input(0);
  const rank = x.shape.length;
  const keep = intAttribute(node.attributes, 'keepdims', 1) !== 0;
  const given = node.optional(1) === undefined ? intsAttribute(node.attributes, 'axes') : node.numbers(1);
  if (node.optional(1) !== undefined && given === undefined)
    return [{ dtype: x.dtype, shape: node.freshDims(keep ? rank : rank - node.vectorLength(1)) }];
  const all = given === undefined || given.length === 0;
  if (all && intAttribute(node.attributes, 'noop_with_empty_axes', 0) !== 0)
    return [{ dtype: x.dtype, shape: x.shape }];
  const axes = new Set((all ? x.shape.map((_, i) => i) : given).map((axis) => node.positiveAxis(axis, rank)));
  const shape = keep ? x.shape.map((dim, i) => (axes.has(i) ? 1 : dim)) : x.shape.filter((_, i) => !axes.has(i));
  return [{ dtype: x.dtype, shape }];
}

/** Folds a vector of known sizes, as in the product of a shape. */
const folding =
  (fold: (...dims: readonly Dim[]) => Dim): OpRule =>
  (node) => {
    const [output] = reduce(node);
    const { shape } = node.input(0);
    const isTotal = shape.length === 1 && (output!.shape.length === 0 || output!.shape[0] === 1);
    const known = isTotal ? node.contents(0) : undefined;
    return [{ ...output!, ...(known && { contents: [fold(...known)] }) }];
  };

const extremalIndex: OpRule = (node) => {
  const { shape } = node.input(0);
  const axis = node.axis(shape.length, 0);
  const keep = intAttribute(node.attributes, 'keepdims', 1) !== 0;
  return [{ dtype: 'int64', shape: keep ? shape.with(axis, 1) : shape.filter((_, i) => i !== axis) }];
};

export const reductionRules: { readonly [P in ReductionOp]: OpRule } = {
  ReduceSum: folding(addDims),
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: folding(multiplyDims),
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceSumSquare: reduce,
  ReduceLogSumExp: reduce,
  ArgMax: extremalIndex,
  ArgMin: extremalIndex,
  TopK: (node) => {
    const { dtype, shape } = node.input(0);
    const axis = node.axis(shape.length, -1);
    node.require(node.input(1), 'int64');
    const k = node.contents(1)?.[0] ?? node.freshDim();
    const size = shape[axis]!;
    if (typeof k === 'number' && typeof size === 'number' && k > size)
      node.fail(`at least ${k} entries along axis ${axis}`, shape);
    const result = shape.with(axis, k);
    return [
      { dtype, shape: result },
      { dtype: 'int64', shape: result },
    ];
  },
  CumSum: (node) => {
    const { dtype, shape } = node.input(0);
    const axis = node.numbers(1)?.[0];
    if (axis !== undefined) node.positiveAxis(axis, shape.length);
    return [{ dtype, shape }];
  },
};
