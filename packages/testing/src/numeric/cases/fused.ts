import type { Op } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { normals, type OpCase, positives } from '../op-case.js';
import { at, map, matmul, type NdArray, ndArray, reduce } from '../reference.js';

const EPSILON = 1e-3;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const turned = (a: NdArray) =>
  ndArray([...a.dims.slice(0, -2), a.dims.at(-1)!, a.dims.at(-2)!], (index) =>
    at(a, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]),
  );

/** Over the last axis. */
function standardised(x: NdArray, gamma: NdArray, beta: NdArray): readonly NdArray[] {
  const last = [x.dims.length - 1];
  const centre = reduce(x, last, true, mean);
  const centred = map((v, m) => v - m, x, centre);
  const variance = reduce(
    map((v) => v * v, centred),
    last,
    true,
    mean,
  );
  const inverse = map((v) => 1 / Math.sqrt(v + EPSILON), variance);
  return [map((v, s, g, b) => v * s * g + b, centred, inverse, gamma, beta), centre, inverse];
}

const fastGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const tables = {
  ids: tensor('int32', [1, 4, 0, 2, 2, 3], [2, 3]),
  segments: tensor('int32', [0, 0, 1, 0, 1, 1], [2, 3]),
  words: normals([5, 4], 61),
  positions: normals([4, 4], 62),
  types: normals([2, 4], 63),
  gamma: positives([4]),
  beta: normals([4], 64),
  mask: tensor('int32', [1, 1, 1, 1, 1, 0], [2, 3]),
};

export const fusedCases = {
  FusedMatMul: [
    {
      title: 'scaled, with the right operand transposed, symbolic',
      inputs: { a: normals([2, 3, 4], 65), b: normals([2, 5, 4], 66) },
      shapes: { a: ['batch', 'rows', 4], b: ['batch', 'columns', 4] },
      build: ({ a, b }, graph) => graph.emit('FusedMatMul', [a!, b!], { transB: 1, alpha: 0.5 })[0]!,
      expected: ({ a, b }) => map((v) => 0.5 * v, matmul(a!, turned(b!))),
    },
    {
      title: 'with the left operand transposed',
      inputs: { a: normals([4, 3], 65), b: normals([4, 2], 66) },
      build: ({ a, b }, graph) => graph.emit('FusedMatMul', [a!, b!], { transA: 1 })[0]!,
      expected: ({ a, b }) => matmul(turned(a!), b!),
    },
  ],
  FusedGemm: [
    {
      title: 'and a tangent',
      inputs: { a: normals([2, 3], 65), b: normals([4, 3], 66), c: normals([4], 67) },
      build: ({ a, b, c }, graph) => graph.emit('FusedGemm', [a!, b!, c!], { transB: 1, activation: 'Tanh' })[0]!,
      expected: ({ a, b, c }) => map((v, w) => Math.tanh(v + w), matmul(a!, turned(b!)), c!),
    },
    {
      title: 'and a leaky ramp',
      inputs: { a: normals([2, 3], 65), b: normals([3, 4], 66) },
      build: ({ a, b }, graph) =>
        graph.emit('FusedGemm', [a!, b!], { activation: 'LeakyRelu', activation_alpha: 0.25 })[0]!,
      expected: ({ a, b }) => map((v) => (v > 0 ? v : 0.25 * v), matmul(a!, b!)),
    },
  ],
  FastGelu: [
    {
      title: 'with a bias',
      inputs: { x: normals([2, 3]), b: normals([3], 67) },
      build: ({ x, b }, graph) => graph.emit('FastGelu', [x!, b!])[0]!,
      expected: ({ x, b }) => map((v, w) => fastGelu(v + w), x!, b!),
    },
    {
      title: 'without one',
      inputs: { x: normals([2, 3]) },
      build: ({ x }, graph) => graph.emit('FastGelu', [x!])[0]!,
      expected: ({ x }) => map(fastGelu, x!),
    },
  ],
  QuickGelu: [
    {
      title: 'with a slope',
      inputs: { x: normals([5]) },
      build: ({ x }, graph) => graph.emit('QuickGelu', [x!], { alpha: 1.5 })[0]!,
      expected: ({ x }) => map((v) => v / (1 + Math.exp(-1.5 * v)), x!),
    },
  ],
  SkipLayerNormalization: [
    {
      title: 'with a bias, and the sum as an output',
      inputs: {
        x: normals([2, 3, 4]),
        skip: normals([2, 3, 4], 68),
        gamma: positives([4]),
        beta: normals([4], 64),
        b: normals([4], 69),
      },
      shapes: { x: ['batch', 'sequence', 4], skip: ['batch', 'sequence', 4] },
      build: ({ x, skip, gamma, beta, b }, graph) => {
        const outputs = graph.emit('SkipLayerNormalization', [x!, skip!, gamma!, beta!, b!], { epsilon: EPSILON }, 4);
        return [outputs[0]!, outputs[3]!];
      },
      expected: ({ x, skip, gamma, beta, b }) => {
        const sum = map((u, v, w) => u + v + w, x!, skip!, b!);
        return [standardised(sum, gamma!, beta!)[0]!, sum];
      },
    },
  ],
  EmbedLayerNormalization: [
    {
      title: 'with segments and a mask, whose lengths it counts',
      inputs: tables,
      shapes: { ids: ['batch', 'sequence'], segments: ['batch', 'sequence'], mask: ['batch', 'sequence'] },
      build: (v, graph) => {
        const inputs = [v.ids!, v.segments!, v.words!, v.positions!, v.types!, v.gamma!, v.beta!, v.mask!];
        return graph.emit('EmbedLayerNormalization', inputs, { epsilon: EPSILON }, 2);
      },
      expected: (v) => {
        const sum = ndArray(
          [2, 3, 4],
          ([b, s, i]) =>
            at(v.words!, [at(v.ids!, [b!, s!]), i!]) +
            at(v.positions!, [s!, i!]) +
            at(v.types!, [at(v.segments!, [b!, s!]), i!]),
        );
        return [standardised(sum, v.gamma!, v.beta!)[0]!, { dims: [2], data: [3, 2] }];
      },
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
