import type { Op } from '@zooid/onnx';
import { normals, type OpCase, positives } from '../op-case.js';
import { alongAxis, map, type NdArray, reduce } from '../reference.js';

const softmax = (line: readonly number[]) => {
  const total = line.reduce((sum, x) => sum + Math.exp(x), 0);
  return line.map((x) => Math.exp(x) / total);
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const EPSILON = 1e-3;

const axes = [-1, 1];

function standardised(x: NdArray, over: readonly number[], scale: NdArray, bias: NdArray = { dims: [], data: [0] }) {
  const centred = map((v, m) => v - m, x, reduce(x, over, true, mean));
  const variance = reduce(
    map((v) => v * v, centred),
    over,
    true,
    mean,
  );
  return map((v, s, gain, shift) => (v / Math.sqrt(s + EPSILON)) * gain + shift, centred, variance, scale, bias);
}

export const normalizationCases = {
  Softmax: axes.map(
    (axis): OpCase => ({
      title: `along axis ${axis}`,
      inputs: { x: normals([2, 3, 2]) },
      shapes: { x: ['batch', 3, 2] },
      build: ({ x }) => x!.softmax(axis),
      expected: ({ x }) => alongAxis(x!, axis < 0 ? axis + 3 : axis, softmax),
    }),
  ),
  LogSoftmax: axes.map(
    (axis): OpCase => ({
      title: `along axis ${axis}`,
      inputs: { x: normals([2, 3, 2]) },
      build: ({ x }) => x!.logSoftmax(axis),
      expected: ({ x }) => alongAxis(x!, axis < 0 ? axis + 3 : axis, (line) => softmax(line).map(Math.log)),
    }),
  ),
  LayerNormalization: [
    {
      title: 'over the last axis, symbolic',
      inputs: { x: normals([2, 2, 4]), scale: positives([4]), bias: normals([4], 52) },
      shapes: { x: ['batch', 'sequence', 4] },
      build: ({ x, scale, bias }) => x!.layerNormalization(scale!, bias!, EPSILON),
      expected: ({ x, scale, bias }) => standardised(x!, [2], scale!, bias!),
    },
    {
      title: 'with one output and no bias',
      inputs: { x: normals([3, 4], 53), scale: positives([4]) },
      build: ({ x, scale }, graph) => graph.emit('LayerNormalization', [x!, scale!], { axis: 1, epsilon: EPSILON })[0]!,
      expected: ({ x, scale }) => standardised(x!, [1], scale!),
    },
    {
      title: 'over the last two axes, one of them symbolic',
      inputs: { x: normals([2, 3, 2], 54), scale: positives([3, 2]), bias: normals([3, 2], 55) },
      shapes: { x: ['batch', 'sequence', 2], scale: ['sequence', 2], bias: ['sequence', 2] },
      build: ({ x, scale, bias }, graph) =>
        graph.emit('LayerNormalization', [x!, scale!, bias!], { axis: 1, epsilon: EPSILON })[0]!,
      expected: ({ x, scale, bias }) => standardised(x!, [1, 2], scale!, bias!),
    },
  ],
  Dropout: [
    {
      title: 'at inference, where it does nothing',
      inputs: { x: normals([2, 3]) },
      build: ({ x }, graph) => graph.emit('Dropout', [x!])[0]!,
      expected: ({ x }) => x!,
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
