import { Graph, type Value, writeModel } from '@zooid/onnx';
import type { HostTensor } from '@zooid/tensor';
import type { ParameterDeclaration, RandomInput, TrainingProgram } from '../training-program.js';

/** Deterministic numbers in (-1, 1) that look irregular. */
export function wave(count: number, frequency = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1) * 1.7 + i * i * 0.31));
}

export function floats(dims: readonly number[], data: ArrayLike<number>): HostTensor<'float32'> {
  return { dtype: 'float32', dims, data: Float32Array.from(data) };
}

export function ids(dims: readonly number[], data: readonly number[]): HostTensor<'int64'> {
  return { dtype: 'int64', dims, data: BigInt64Array.from(data, BigInt) };
}

export const features = 5;
export const targets = 3;

/** `weight` and `bias` are trained, `gain` is frozen. */
export function regressionParameters(): ParameterDeclaration[] {
  return [
    { name: 'weight', shape: [features, targets], data: wave(features * targets, 0.7), group: 'main' },
    { name: 'bias', shape: [targets], data: new Float32Array(targets), group: 'head' },
    { name: 'gain', shape: [targets], data: Float32Array.of(1, 0.5, 2) },
  ];
}

/**
 * loss = mean((((x ⊙ mask) W + b) ⊙ gain − target)²), with its gradients written out by hand. `temperature` scales
 * the loss. The gradient of the frozen gain is computed too, and must be ignored.
 */
export function regressionProgram(
  name = 'regression',
  rate?: number,
  scalars: readonly string[] = [],
): TrainingProgram {
  const graph = new Graph();
  const [weight, bias, gain] = [
    graph.input('weight', 'float32', [features, targets]),
    graph.input('bias', 'float32', [targets]),
    graph.input('gain', 'float32', [targets]),
  ];
  const x = graph.input('x', 'float32', ['batch', features]);
  const target = graph.input('target', 'float32', ['batch', targets]);
  const randoms: RandomInput[] = [];
  let input: Value = x;
  if (rate !== undefined) {
    randoms.push({ name: 'mask', shape: ['batch', features], kind: 'dropout', rate });
    input = x.mul(graph.input('mask', 'float32', ['batch', features]));
  }
  const linear = input.matmul(weight).add(bias);
  const prediction = linear.mul(gain);
  const error = prediction.sub(target);
  let loss = error.square().mean([0, 1], false);
  // d mean / d error: the batch size is only known at run time, so the mean of ones stands for 1 / count.
  let dError = error.mul(2).div(error.mul(0).add(1).sum([0, 1], false));
  for (const scalar of scalars) {
    const factor = graph.input(scalar, 'float32', []);
    loss = loss.mul(factor);
    dError = dError.mul(factor);
  }
  const dLinear = dError.mul(gain);
  graph.output(loss, 'loss');
  graph.output(prediction, 'prediction');
  graph.output(input.swapLastTwo().matmul(dLinear), 'weight.grad');
  graph.output(dLinear.sum([0], false), 'bias.grad');
  graph.output(dError.mul(linear).sum([0], false), 'gain.grad');
  return {
    name,
    model: writeModel(graph),
    inputs: [
      { name: 'x', dtype: 'float32', shape: ['batch', features] },
      { name: 'target', dtype: 'float32', shape: ['batch', targets] },
    ],
    randoms,
    scalars,
    parameters: ['weight', 'bias', 'gain'],
    gradients: ['weight', 'bias', 'gain'].map((parameter) => ({ parameter, dense: `${parameter}.grad` })),
    loss: 'loss',
    outputs: ['prediction'],
  };
}

/** x is `wave`, target is an exact linear function of it. */
export function regressionBatch(batch: number, seed = 1): { x: HostTensor<'float32'>; target: HostTensor<'float32'> } {
  const x = wave(batch * features, seed);
  const target = Float32Array.from({ length: batch * targets }, (_, i) => {
    const row = Math.floor(i / targets);
    let sum = 0.25 * ((i % targets) + 1);
    for (let j = 0; j < features; j++) sum += x[row * features + j]! * Math.cos(j + (i % targets));
    return sum;
  });
  return { x: floats([batch, features], x), target: floats([batch, targets], target) };
}

export const rows = 7;
/** Not a multiple of four, so that rows are not aligned. */
export const width = 6;

export function embeddingParameters(): ParameterDeclaration[] {
  return [{ name: 'table', shape: [rows, width], data: wave(rows * width, 0.3), group: 'main' }];
}

/**
 * loss = Σ (table[ids] ⊙ c)², whose gradient for one gathered row is 2 c² row: `rows` gives it per row, `tied` has a
 * dense part as well, 0.1 · table, from an added 0.05 Σ table².
 */
export function embeddingProgram(name: string, tied = false): TrainingProgram {
  const graph = new Graph();
  const table = graph.input('table', 'float32', [rows, width]);
  const indices = graph.input('ids', 'int64', ['batch', 'sequence']);
  const gathered = table.gather(indices);
  let loss = gathered.mul(0.5).square().sum([0, 1, 2], false);
  if (tied) {
    loss = loss.add(table.square().sum([0, 1], false).mul(0.05));
    graph.output(table.mul(0.1), 'table.grad');
  }
  graph.output(loss, 'loss');
  graph.output(gathered.mul(0.5), 'rows.grad');
  return {
    name,
    model: writeModel(graph),
    inputs: [{ name: 'ids', dtype: 'int64', shape: ['batch', 'sequence'] }],
    randoms: [],
    scalars: [],
    parameters: ['table'],
    gradients: [
      {
        parameter: 'table',
        ...(tied && { dense: 'table.grad' }),
        rows: [{ indices: 'ids', values: 'rows.grad' }],
      },
    ],
    loss: 'loss',
    outputs: [],
  };
}
