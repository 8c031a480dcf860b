import type { Dim, DType } from '@zooid/tensor';
import { intAttribute } from '../attributes.js';
import { dtypeFromCode } from '../data-types.js';
import { addDims, divideDims, multiplyDims, subtractDims } from '../dims.js';
import type { NodeView, OpRule, OutputType } from './rule.js';

export type ElementwiseOp =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Mod'
  | 'Pow'
  | 'Max'
  | 'Min'
  | 'Equal'
  | 'Less'
  | 'LessOrEqual'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'And'
  | 'Or'
  | 'Xor'
  | 'Not'
  | 'IsNaN'
  | 'Neg'
  | 'Abs'
  | 'Sign'
  | 'Sqrt'
  | 'Reciprocal'
  | 'Exp'
  | 'Log'
  | 'Erf'
  | 'Sin'
  | 'Cos'
  | 'Floor'
  | 'Ceil'
  | 'Round'
  | 'Tanh'
  | 'Sigmoid'
  | 'HardSigmoid'
  | 'Softplus'
  | 'Relu'
  | 'LeakyRelu'
  | 'Elu'
  | 'Gelu'
  | 'Clip'
  | 'Cast'
  | 'Identity'
  | 'Where';

type Fold = (a: Dim, b: Dim) => Dim | undefined;

/** Integer operands that are known fold, so that shape arithmetic stays known. */
function arithmetic(fold?: Fold): OpRule {
  return (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    const contents = fold && foldContents(node, fold);
    return [
      {
        dtype: node.commonDType(a, b),
        shape: node.broadcast(a.shape, b.shape),
        ...(contents && { contents }),
      },
    ];
  };
}

function foldContents(node: NodeView, fold: Fold): readonly Dim[] | undefined {
  const [a, b] = [node.contents(0), node.contents(1)];
  if (a === undefined || b === undefined || (a.length !== b.length && a.length !== 1 && b.length !== 1))
    return undefined;
  const result = Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    fold(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!),
  );
  return result.includes(undefined) ? undefined : (result as readonly Dim[]);
}

/** On whole numbers; a quotient of named dims is known only where it is exact. */
const quotient =
  (truncate: boolean): Fold =>
  (a, b) => {
    if (truncate && typeof a === 'number' && typeof b === 'number') return b === 0 ? undefined : Math.trunc(a / b);
    return divideDims([a], [b]);
  };

function comparison(fold: Fold | undefined, ...dtypes: readonly DType[]): OpRule {
  return (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    node.commonDType(a, b);
    if (dtypes.length > 0) node.require(a, ...dtypes);
    const contents = fold && foldContents(node, fold);
    return [{ dtype: 'bool', shape: node.broadcast(a.shape, b.shape), ...(contents && { contents }) }];
  };
}

/** 1 or 0 where it can be told now: no dim is negative, so a name never equals −1. */
const equalDims: Fold = (a, b) => {
  if (a === b) return 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  const number = typeof a === 'number' ? a : b;
  return typeof number === 'number' && number < 0 ? 0 : undefined;
};

function variadic(pick: (a: number, b: number) => number): OpRule {
  return (node) => {
    const values = node.inputs.map((_, i) => node.input(i));
    const dtype = node.commonDType(node.input(0), ...values);
    const numbers = values.length === 2 ? foldContents(node, (a, b) => pickDim(pick, a, b)) : undefined;
    return [
      { dtype, shape: node.broadcast(...values.map(({ shape }) => shape)), ...(numbers && { contents: numbers }) },
    ];
  };
}

function pickDim(pick: (a: number, b: number) => number, a: Dim, b: Dim): Dim | undefined {
  if (a === b) return a;
  return typeof a === 'number' && typeof b === 'number' ? pick(a, b) : undefined;
}

function selectContents(node: NodeView): readonly Dim[] | undefined {
  const [condition, whenTrue, whenFalse] = [node.numbers(0), node.contents(1), node.contents(2)];
  if (condition === undefined || whenTrue === undefined || whenFalse === undefined) return undefined;
  const length = Math.max(condition.length, whenTrue.length, whenFalse.length);
  const item = <T>(list: readonly T[], i: number): T | undefined => list[list.length === 1 ? 0 : i];
  const result = Array.from({ length }, (_, i) => item(item(condition, i) ? whenTrue : whenFalse, i));
  return result.includes(undefined) ? undefined : (result as readonly Dim[]);
}

/** An output like the first input; `float` ops refuse integers. */
function unary(...dtypes: readonly DType[]): OpRule {
  return (node) => {
    const x = node.input(0);
    if (dtypes.length > 0) node.require(x, ...dtypes);
    return [{ dtype: x.dtype, shape: x.shape }];
  };
}

const float = unary('float32', 'float16', 'float64');

/** Copies, so what is known of the elements (whole numbers, also where floats carry them) stays known. */
function copy(node: NodeView, dtype: DType): readonly OutputType[] {
  const contents = dtype === 'bool' ? node.numbers(0)?.map((n) => (n === 0 ? 0 : 1)) : node.contents(0);
  return [{ dtype, shape: node.input(0).shape, ...(contents && { contents }) }];
}

const rounding: OpRule = (node) => {
  node.require(node.input(0), 'float32', 'float16', 'float64');
  return copy(node, node.input(0).dtype);
};

export const elementwiseRules: { readonly [P in ElementwiseOp]: OpRule } = {
  Add: arithmetic((a, b) => addDims(a, b)),
  Sub: arithmetic(subtractDims),
  Mul: arithmetic((a, b) => multiplyDims(a, b)),
  Div: (node) => arithmetic(quotient(node.input(0).dtype.startsWith('int')))(node),
  Mod: arithmetic((a, b) => (typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0 ? a % b : undefined)),
  Pow: (node) => {
    const [x, exponent] = [node.input(0), node.input(1)];
    return [{ dtype: x.dtype, shape: node.broadcast(x.shape, exponent.shape) }];
  },
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Equal: comparison(equalDims),
  Less: comparison(undefined),
  LessOrEqual: comparison(undefined),
  Greater: comparison(undefined),
  GreaterOrEqual: comparison(undefined),
  And: comparison(undefined, 'bool'),
  Or: comparison(undefined, 'bool'),
  Xor: comparison(undefined, 'bool'),
  Not: unary('bool'),
  IsNaN: (node) => {
    const x = node.input(0);
    node.require(x, 'float32', 'float16', 'float64');
    return [{ dtype: 'bool', shape: x.shape }];
  },
  Neg: (node) => {
    const { dtype, shape } = node.input(0);
    const contents = node.contents(0)?.map((dim) => multiplyDims(-1, dim));
    return [{ dtype, shape, ...(contents && { contents }) }];
  },
  Abs: unary(),
  Sign: unary(),
  Sqrt: float,
  Reciprocal: float,
  Exp: float,
  Log: float,
  Erf: float,
  Sin: float,
  Cos: float,
  // Whole numbers are what they are, so that a size divided in floating point stays known where it is exact.
  Floor: rounding,
  Ceil: rounding,
  Round: rounding,
  Tanh: float,
  Sigmoid: float,
  HardSigmoid: float,
  Softplus: float,
  Relu: unary(),
  LeakyRelu: float,
  Elu: float,
  Gelu: float,
  Clip: unary(),
  Cast: (node) => copy(node, dtypeFromCode(intAttribute(node.attributes, 'to', 0))),
  Identity: (node) => copy(node, node.input(0).dtype),
  Where: (node) => {
    const [condition, whenTrue, whenFalse] = [node.input(0), node.input(1), node.input(2)];
    node.require(condition, 'bool');
    const contents = selectContents(node);
    return [
      {
        dtype: node.commonDType(whenTrue, whenFalse),
        shape: node.broadcast(node.broadcast(condition.shape, whenTrue.shape), whenFalse.shape),
        ...(contents && { contents }),
      },
    ];
  },
};
