import type { Op, Value } from '@zooid/onnx';
import { distinct, normals, type OpCase } from '../op-case.js';
import { alongAxis, at, ndArray, reduce } from '../reference.js';

type Reduction = Extract<Op, `Reduce${string}`>;
const methods = { ReduceSum: 'sum', ReduceMean: 'mean', ReduceMax: 'max' } as const;

function reduceValue(op: Reduction, x: Value, axes: readonly number[], keep: boolean): Value {
  if (op !== 'ReduceSum' && op !== 'ReduceMean' && op !== 'ReduceMax')
    return x.graph.emit(op, [x], { axes, keepdims: keep ? 1 : 0 })[0]!;
  return x[methods[op]](axes, keep);
}

function reduceCases(op: Reduction, fold: (values: readonly number[]) => number, make = normals): readonly OpCase[] {
  const one = (title: string, axes: readonly number[], keep: boolean, symbolic = false): OpCase => ({
    title,
    inputs: { x: make([2, 3, 2]) },
    ...(symbolic && { shapes: { x: ['batch', 'sequence', 2] } }),
    build: ({ x }) => reduceValue(op, x!, axes, keep),
    expected: ({ x }) => reduce(x!, axes, keep, fold),
  });
  return [
    one('over the last axis, kept', [2], true),
    one('over two axes, dropped', [0, 2], false),
    one('over all axes', [0, 1, 2], false),
    one('over symbolic axes', [0, 1], false, true),
    {
      title: 'over an axis of size 1',
      inputs: { x: make([2, 1]) },
      build: ({ x }) => reduceValue(op, x!, [1], false),
      expected: ({ x }) => reduce(x!, [1], false, fold),
    },
  ];
}

const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const largestFirst = (line: readonly number[]) => line.map((_, i) => i).sort((i, j) => line[j]! - line[i]!);

export const reductionCases = {
  ReduceSum: reduceCases('ReduceSum', add),
  ReduceMean: reduceCases('ReduceMean', (values) => add(values) / values.length),
  ReduceMax: reduceCases('ReduceMax', (values) => Math.max(...values), distinct),
  ReduceMin: reduceCases('ReduceMin', (values) => Math.min(...values), distinct),
  ReduceProd: [
    ...reduceCases('ReduceProd', (values) => values.reduce((a, b) => a * b, 1)),
    {
      title: 'of a symbolic shape, as the target of a reshape',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 'sequence'] },
      build: ({ x }, graph) =>
        graph.emit('Reshape', [x!, graph.emit('ReduceProd', [x!.runtimeShape()], { keepdims: 1 })[0]!])[0]!,
      expected: ({ x }) => ({ dims: [6], data: x!.data }),
    },
  ],
  ReduceL1: reduceCases('ReduceL1', (values) => add(values.map(Math.abs))),
  ReduceL2: reduceCases('ReduceL2', (values) => Math.hypot(...values)),
  ReduceSumSquare: reduceCases('ReduceSumSquare', (values) => add(values.map((x) => x * x))),
  ReduceLogSumExp: reduceCases('ReduceLogSumExp', (values) => Math.log(add(values.map(Math.exp)))),
  ArgMin: [
    {
      title: 'along the first axis, kept',
      inputs: { x: distinct([3, 4]) },
      build: ({ x }, graph) => graph.emit('ArgMin', [x!], { axis: 0, keepdims: 1 })[0]!,
      expected: ({ x }) => reduce(x!, [0], true, (values) => values.indexOf(Math.min(...values))),
    },
  ],
  ArgMax: [
    {
      title: 'along the last axis, dropped',
      inputs: { x: distinct([3, 4]) },
      build: ({ x }) => x!.argMax(-1),
      expected: ({ x }) => reduce(x!, [1], false, (values) => values.indexOf(Math.max(...values))),
    },
  ],
  TopK: [
    {
      title: 'along the first axis, values and indices',
      inputs: { x: distinct([4, 2]) },
      build: ({ x }, graph) => graph.emit('TopK', [x!, graph.constant([2], 'int64')], { axis: 0 }, 2),
      expected: ({ x }) => {
        const order = alongAxis(x!, 0, largestFirst);
        const indices = ndArray([2, 2], (index) => at(order, index));
        return [ndArray([2, 2], ([i, j]) => at(x!, [at(indices, [i!, j!]), j!])), indices];
      },
    },
  ],
  CumSum: [0, 1].flatMap((reverse) =>
    [0, 1].map(
      (exclusive): OpCase => ({
        title: `reverse=${reverse}, exclusive=${exclusive}`,
        inputs: { x: normals([2, 4]) },
        build: ({ x }, graph) => graph.emit('CumSum', [x!, graph.scalar(1, 'int64')], { reverse, exclusive })[0]!,
        expected: ({ x }) =>
          alongAxis(x!, 1, (line) =>
            line.map((_, i) => add(line.filter((_, j) => (reverse ? j > i : j < i) || (j === i && !exclusive)))),
          ),
      }),
    ),
  ),
} satisfies Partial<Record<Op, readonly OpCase[]>>;
