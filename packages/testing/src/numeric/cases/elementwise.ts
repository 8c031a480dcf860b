import type { Op, Value } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { booleans, distinct, integers, normals, type OpCase, positives } from '../op-case.js';
import { erf, map } from '../reference.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const bit = (condition: boolean) => (condition ? 1 : 0);

/** The same operator on equal shapes, with a size-1 axis, with a missing axis on either side, and with a scalar. */
function binaryCases(op: Op, f: (a: number, b: number) => number, make = normals): readonly OpCase[] {
  const build = ({ a, b }: Readonly<Record<string, Value>>) => a!.graph.emit(op, [a!, b!])[0]!;
  const expected: OpCase['expected'] = ({ a, b }) => map(f, a!, b!);
  const one = (
    title: string,
    left: readonly number[],
    right: readonly number[],
    shapes?: OpCase['shapes'],
  ): OpCase => ({
    title,
    inputs: { a: make(left, 11), b: make(right, 12) },
    build,
    expected,
    ...(shapes && { shapes }),
  });
  return [
    one('on equal shapes', [2, 3], [2, 3]),
    one('broadcasting a size-1 axis', [2, 1, 3], [2, 4, 1]),
    one('broadcasting missing axes on the left', [3], [2, 2, 3]),
    one('broadcasting a scalar', [2, 2], []),
    one('on symbolic shapes', [2, 3], [3], { a: ['batch', 3] }),
  ];
}

function unaryCases(op: Op, f: (x: number) => number, make = normals): readonly OpCase[] {
  const build = ({ x }: Readonly<Record<string, Value>>) => x!.graph.emit(op, [x!])[0]!;
  const expected: OpCase['expected'] = ({ x }) => map(f, x!);
  return [
    { title: 'on a matrix', inputs: { x: make([2, 5]) }, build, expected },
    { title: 'on a symbolic shape', inputs: { x: make([1, 3]) }, shapes: { x: ['batch', 'width'] }, build, expected },
  ];
}

/** Comparisons and logic: no gradients, so one broadcast case says it all. */
function logic(op: Op, f: (a: number, b: number) => boolean, inputs: OpCase['inputs']): readonly OpCase[] {
  return [
    {
      title: 'broadcasting',
      inputs,
      build: ({ a, b }) => a!.graph.emit(op, [a!, b!])[0]!,
      expected: ({ a, b }) => map((x, y) => bit(f(x, y)), a!, b!),
    },
  ];
}

const numbers = { a: integers([1, 2, 3, 4], [2, 2]), b: integers([2, 2], [2]) };
const flags = { a: booleans([0, 0, 1, 1]), b: booleans([0, 1, 0, 1]) };

/** Pairs that differ by more than a central difference moves them. */
const apart: OpCase['inputs'] = { a: distinct([2, 3], 4), b: tensor('float32', [0, 0.2, -0.2]) };

function extremumCases(op: 'Max' | 'Min'): readonly OpCase[] {
  const expected: OpCase['expected'] = ({ a, b }) => map(op === 'Max' ? Math.max : Math.min, a!, b!);
  return [{ title: 'broadcasting', inputs: apart, build: ({ a, b }) => a!.graph.emit(op, [a!, b!])[0]!, expected }];
}

export const elementwiseCases = {
  Add: [
    ...binaryCases('Add', (a, b) => a + b),
    {
      title: 'where a named axis turns out to have size 1',
      inputs: { a: normals([1, 3]), b: normals([2, 3], 14) },
      shapes: { a: ['batch', 3] },
      build: ({ a, b }) => a!.add(b!),
      expected: ({ a, b }) => map((x, y) => x + y, a!, b!),
    },
    {
      title: 'where nothing is known of an axis that turns out to have size 1, and of one that does not',
      inputs: { a: normals([3]), b: normals([2, 3], 14), target: integers([1, 3]) },
      build: ({ a, b, target }, graph) => graph.emit('Reshape', [a!, target!])[0]!.add(b!),
      expected: ({ a, b }) => map((x, y) => x + y, a!, b!),
    },
  ],
  Sub: binaryCases('Sub', (a, b) => a - b),
  Mul: binaryCases('Mul', (a, b) => a * b),
  Div: binaryCases('Div', (a, b) => a / b, positives),
  Pow: [
    ...binaryCases('Pow', (a, b) => a ** b, positives),
    {
      title: 'with the constant exponent 2, also of negative numbers',
      inputs: { x: normals([5]) },
      build: ({ x }) => x!.pow(2),
      expected: ({ x }) => map((v) => v ** 2, x!),
    },
    {
      title: 'with the constant exponent 3, also of negative numbers',
      inputs: { x: normals([5]) },
      build: ({ x }) => x!.pow(3),
      expected: ({ x }) => map((v) => v ** 3, x!),
    },
  ],
  Mod: [
    {
      title: 'of integers, with the sign of the divisor',
      inputs: { a: integers([7, -7, 5]), b: integers([3, 3, -3]) },
      build: ({ a, b }, graph) => graph.emit('Mod', [a!, b!])[0]!,
      expected: ({ a, b }) => map((x, y) => x - y * Math.floor(x / y), a!, b!),
    },
    {
      title: 'of floats, with the sign of the dividend, broadcasting',
      inputs: { a: tensor('float32', [2.5, -1.7, 0.4, 4.9], [2, 2]), b: tensor('float32', [0.75]) },
      build: ({ a, b }, graph) => graph.emit('Mod', [a!, b!], { fmod: 1 })[0]!,
      expected: ({ a, b }) => map((x, y) => x % y, a!, b!),
    },
  ],
  Max: extremumCases('Max'),
  Min: extremumCases('Min'),
  Equal: logic('Equal', (a, b) => a === b, numbers),
  Less: logic('Less', (a, b) => a < b, numbers),
  LessOrEqual: logic('LessOrEqual', (a, b) => a <= b, numbers),
  Greater: logic('Greater', (a, b) => a > b, numbers),
  GreaterOrEqual: logic('GreaterOrEqual', (a, b) => a >= b, numbers),
  And: logic('And', (a, b) => a === 1 && b === 1, flags),
  Or: logic('Or', (a, b) => a === 1 || b === 1, flags),
  Xor: logic('Xor', (a, b) => a !== b, flags),
  IsNaN: [
    {
      title: 'on a logarithm that does not exist',
      inputs: { x: tensor('float32', [1, -1, 2]) },
      build: ({ x }, graph) => graph.emit('IsNaN', [x!.log()])[0]!,
      expected: ({ x }) => map((v) => bit(Number.isNaN(Math.log(v))), x!),
    },
  ],
  Not: [
    {
      title: 'on flags',
      inputs: { x: booleans([0, 1, 1]) },
      build: ({ x }) => x!.not(),
      expected: ({ x }) => map((v) => 1 - v, x!),
    },
  ],
  Neg: unaryCases('Neg', (x) => -x),
  Abs: unaryCases('Abs', Math.abs),
  Sign: unaryCases('Sign', Math.sign),
  Sqrt: unaryCases('Sqrt', Math.sqrt, positives),
  Reciprocal: unaryCases('Reciprocal', (x) => 1 / x, positives),
  Exp: unaryCases('Exp', Math.exp),
  Log: unaryCases('Log', Math.log, positives),
  Erf: unaryCases('Erf', erf),
  Sin: unaryCases('Sin', Math.sin),
  Cos: unaryCases('Cos', Math.cos),
  Floor: unaryCases('Floor', Math.floor),
  Ceil: unaryCases('Ceil', Math.ceil),
  Round: [
    {
      title: 'halves to even',
      inputs: { x: tensor('float32', [0.5, 1.5, 2.5, -0.5, -1.2, 3.7]) },
      build: ({ x }, graph) => graph.emit('Round', [x!])[0]!,
      expected: () => ({ dims: [6], data: [0, 2, 2, 0, -1, 4] }),
    },
  ],
  Tanh: unaryCases('Tanh', Math.tanh),
  Sigmoid: unaryCases('Sigmoid', sigmoid),
  HardSigmoid: [
    {
      title: 'with bounds reached on both sides',
      inputs: { x: tensor('float32', [-3, -0.7, 0.1, 0.6, 2]) },
      build: ({ x }, graph) => graph.emit('HardSigmoid', [x!], { alpha: 0.5, beta: 0.5 })[0]!,
      expected: ({ x }) => map((v) => Math.min(1, Math.max(0, 0.5 * v + 0.5)), x!),
    },
  ],
  Softplus: unaryCases('Softplus', (x) => Math.log1p(Math.exp(x))),
  Relu: unaryCases('Relu', (x) => Math.max(x, 0)),
  LeakyRelu: [
    {
      title: 'with a slope',
      inputs: { x: normals([5]) },
      build: ({ x }, graph) => graph.emit('LeakyRelu', [x!], { alpha: 0.2 })[0]!,
      expected: ({ x }) => map((v) => (v > 0 ? v : 0.2 * v), x!),
    },
  ],
  Elu: unaryCases('Elu', (x) => (x > 0 ? x : Math.expm1(x))),
  Gelu: unaryCases('Gelu', (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  Clip: [
    {
      title: 'with both bounds',
      inputs: { x: tensor('float32', [-2, -0.5, 0.3, 1.5]) },
      build: ({ x }, graph) => graph.emit('Clip', [x!, graph.scalar(-1), graph.scalar(1)])[0]!,
      expected: ({ x }) => map((v) => Math.min(1, Math.max(-1, v)), x!),
    },
    {
      title: 'with bounds that are given at run time and learn',
      inputs: {
        x: tensor('float32', [-2, -0.5, 0.3, 1.5, 1.7]),
        low: tensor('float32', [-1], []),
        high: tensor('float32', [1], []),
      },
      build: ({ x, low, high }, graph) => graph.emit('Clip', [x!, low!, high!])[0]!,
      expected: ({ x }) => map((v) => Math.min(1, Math.max(-1, v)), x!),
    },
    {
      title: 'with an upper bound only',
      inputs: { x: tensor('float32', [-2, 1.5]) },
      build: ({ x }, graph) => graph.emit('Clip', [x!, null, graph.scalar(1)])[0]!,
      expected: ({ x }) => map((v) => Math.min(1, v), x!),
    },
  ],
  Cast: [
    {
      title: 'from float to double and back',
      inputs: { x: normals([3]) },
      build: ({ x }) => x!.cast('float64').cast('float32'),
      expected: ({ x }) => x!,
    },
    {
      title: 'from integers to float',
      inputs: { x: integers([1, -2]) },
      build: ({ x }) => x!.cast('float32'),
      expected: ({ x }) => x!,
    },
  ],
  Identity: unaryCases('Identity', (x) => x),
  Where: [
    {
      title: 'broadcasting all three',
      inputs: { c: booleans([1, 0], [2, 1]), a: normals([3]), b: normals([2, 3], 5) },
      build: ({ c, a, b }) => c!.where(a!, b!),
      expected: ({ c, a, b }) => map((flag, x, y) => (flag ? x : y), c!, a!, b!),
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
