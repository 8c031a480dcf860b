import { floatAttribute, type Op, type Value } from '@zooid/onnx';
import { sumTo } from '../sum-to.js';
import { geluGradient } from './gelu.js';
import { lazy } from './lazy.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';

/** A rule for `y = f(x)`: the cotangent of `x` from `dy`, `y` and `x`. */
const unary =
  (rule: (dy: Value, y: Value, x: Value) => Value): VjpRule =>
  ({ dy, y, x }) => [() => rule(dy, y, x)];

/** A rule for `y = f(a, b)` with broadcasting; each part gives the cotangent before un-broadcasting. */
const binary =
  (
    left: (dy: Value, a: Value, b: Value, y: Value) => Value,
    right: (dy: Value, a: Value, b: Value, y: Value) => Value,
  ): VjpRule =>
  ({ dy, y, inputs: [a, b] }) => [() => sumTo(left(dy, a!, b!, y), a!), () => sumTo(right(dy, a!, b!, y), b!)];

/** About the smallest normal float32. */
const SMALLEST = 1e-37;

const half = (x: Value) => x.mul(0.5);

/** Each input that equals the result gets an equal share. */
function extremum(node: VjpNode): readonly Cotangent[] {
  const { y, dy, inputs } = node;
  const masks = lazy(() => inputs.map((x) => x.equal(y).cast(y.dtype)));
  const share = lazy(() => dy.div(masks().reduce((a, b) => a.add(b))));
  return inputs.map((x, i) => () => sumTo(share().mul(masks()[i]!), x));
}

function power({ x, y, dy, inputs, graph }: VjpNode): readonly Cotangent[] {
  const exponent = inputs[1]!;
  const constant = graph.initializers.get(exponent);
  const isSquare = constant?.data.length === 1 && Number(constant.data[0]) === 2;
  return [
    () => {
      if (isSquare) return dy.mul(x.mul(2));
      const e = exponent.cast(x.dtype);
      return sumTo(dy.mul(e).mul(x.pow(e.sub(1))), x);
    },
    // d/de xᵉ = xᵉ · ln x, taken as 0 where the logarithm does not exist. The maximum keeps the unused branch finite.
    () => {
      const slope = y.mul(x.maximum(SMALLEST).log());
      return sumTo(dy.mul(x.greater(0).where(slope, graph.scalar(0, x.dtype))), exponent);
    },
  ];
}

export const elementwiseVjps = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  Sub: binary(
    (dy) => dy,
    (dy) => dy.neg(),
  ),
  Mul: binary(
    (dy, _a, b) => dy.mul(b),
    (dy, a) => dy.mul(a),
  ),
  Div: binary(
    (dy, _a, b) => dy.div(b),
    (dy, _a, b, y) => dy.mul(y).div(b).neg(),
  ),
  // a mod b = a − b·q with a whole quotient q that does not move.
  Mod: binary(
    (dy) => dy,
    (dy, a, b, y) => dy.mul(y.sub(a)).div(b),
  ),
  Pow: power,
  Max: extremum,
  Min: extremum,
  Equal: 'constant',
  Less: 'constant',
  LessOrEqual: 'constant',
  Greater: 'constant',
  GreaterOrEqual: 'constant',
  And: 'constant',
  Or: 'constant',
  Xor: 'constant',
  Not: 'constant',
  IsNaN: 'constant',
  Sign: 'constant',
  Floor: 'constant',
  Ceil: 'constant',
  Round: 'constant',
  Neg: unary((dy) => dy.neg()),
  Abs: unary((dy, _y, x) => dy.mul(x.graph.emit('Sign', [x])[0]!)),
  Sqrt: unary((dy, y) => half(dy).div(y)),
  Reciprocal: unary((dy, y) => dy.mul(y).mul(y).neg()),
  Exp: unary((dy, y) => dy.mul(y)),
  Log: unary((dy, _y, x) => dy.div(x)),
  Erf: unary((dy, _y, x) => dy.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))),
  Sin: unary((dy, _y, x) => dy.mul(x.graph.emit('Cos', [x])[0]!)),
  Cos: unary((dy, _y, x) => dy.mul(x.graph.emit('Sin', [x])[0]!).neg()),
  Tanh: unary((dy, y) => dy.mul(y.graph.scalar(1, y.dtype).sub(y.square()))),
  Sigmoid: unary((dy, y) => dy.mul(y.sub(y.square()))),
  HardSigmoid: ({ dy, y, graph, attributes }) => [
    () => {
      const inside = y.mul(y.graph.scalar(1, y.dtype).sub(y)).greater(0);
      return inside.where(dy.mul(floatAttribute(attributes, 'alpha', 0.2)), graph.scalar(0, y.dtype));
    },
  ],
  Softplus: unary((dy, _y, x) => dy.mul(x.sigmoid())),
  Relu: unary((dy, y) => y.greater(0).where(dy, y.graph.scalar(0, y.dtype))),
  LeakyRelu: ({ x, dy, attributes }) => [
    () => x.greater(0).where(dy, dy.mul(floatAttribute(attributes, 'alpha', 0.01))),
  ],
  // α(eˣ − 1) below 0, whose derivative αeˣ is y + α.
  Elu: ({ x, y, dy, attributes }) => [
    () => x.greater(0).where(dy, dy.mul(y.add(floatAttribute(attributes, 'alpha', 1)))),
  ],
  Gelu: unary((dy, _y, x) => geluGradient(dy, x)),
  // At a bound the result does not move with x.
  Clip: (node) => {
    const { x, y, dy, graph } = node;
    const [low, high] = [node.optional(1), node.optional(2)];
    const bounds = [low, high].filter((bound) => bound !== undefined);
    const zero = () => graph.scalar(0, x.dtype);
    const beyond = (isBeyond: Value) => sumTo(isBeyond.where(dy, zero()), []);
    return [
      () => bounds.reduce((kept, bound) => y.equal(bound).where(zero(), kept), dy),
      low === undefined ? null : () => beyond(x.less(low)),
      high === undefined ? null : () => beyond(x.greater(high)),
    ];
  },
  Cast: ({ dy, x }) => [() => dy.cast(x.dtype)],
  Identity: unary((dy) => dy),
  Where: ({ dy, graph, inputs: [condition, whenTrue, whenFalse] }) => {
    const zero = () => graph.scalar(0, dy.dtype);
    return [
      null,
      () => sumTo(condition!.where(dy, zero()), whenTrue!),
      () => sumTo(condition!.where(zero(), dy), whenFalse!),
    ];
  },
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
