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
  | 'Not'
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
  | 'Tanh'
  | 'Sigmoid'
  | 'HardSigmoid'
  | 'Softplus'
  | 'Relu'
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

function comparison(...dtypes: readonly DType[]): OpRule {
  return (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    node.commonDType(a, b);
    if (dtypes.length > 0) node.require(a, ...dtypes);
    return [{ dtype: 'bool', shape: node.broadcast(a.shape, b.shape) }];
  };
}

const variadic: OpRule = (node) => {
  const values = node.inputs.map((_, i) => node.input(i));
  return [
    { dtype: node.commonDType(node.input(0), ...values), shape: node.broadcast(...values.map(({ shape }) => shape)) },
  ];
};

/** An output like the first input; `float` ops refuse integers. */
function unary(...dtypes: readonly DType[]): OpRule {
  return (node) => {
    const x = node.input(0);
    if (dtypes.length > 0) node.require(x, ...dtypes);
    return [{ dtype: x.dtype, shape: x.shape }];
  };
}

const float = unary('float32', 'float16', 'float64');

/** Copies, so what is known of the elements stays known. */
function copy(node: NodeView, dtype: DType): readonly OutputType[] {
  const contents = dtype === 'int64' || dtype === 'int32' ? node.contents(0) : undefined;
  return [{ dtype, shape: node.input(0).shape, ...(contents && { contents }) }];
}

export const elementwiseRules: { readonly [P in ElementwiseOp]: OpRule } = {
  Add: arithmetic((a, b) => addDims(a, b)),
  Sub: arithmetic(subtractDims),
  Mul: arithmetic((a, b) => multiplyDims(a, b)),
  Div: arithmetic((a, b) => divideDims([a], [b])),
  Pow: (node) => {
    const [x, exponent] = [node.input(0), node.input(1)];
    return [{ dtype: x.dtype, shape: node.broadcast(x.shape, exponent.shape) }];
  },
  Max: variadic,
  Min: variadic,
  Equal: comparison(),
  Less: comparison(),
  LessOrEqual: comparison(),
  Greater: comparison(),
  GreaterOrEqual: comparison(),
  And: comparison('bool'),
  Or: comparison('bool'),
  Not: unary('bool'),
  Neg: unary(),
  Abs: unary(),
  Sign: unary(),
  Sqrt: float,
  Reciprocal: float,
  Exp: float,
  Log: float,
  Erf: float,
  Sin: float,
  Cos: float,
  Floor: float,
  Tanh: float,
  Sigmoid: float,
  HardSigmoid: float,
  Softplus: float,
  Relu: unary(),
  Gelu: float,
  Clip: unary(),
  Cast: (node) => copy(node, dtypeFromCode(intAttribute(node.attributes, 'to', 0))),
  Identity: (node) => copy(node, node.input(0).dtype),
  Where: (node) => {
    const [condition, whenTrue, whenFalse] = [node.input(0), node.input(1), node.input(2)];
    node.require(condition, 'bool');
    return [
      {
        dtype: node.commonDType(whenTrue, whenFalse),
        shape: node.broadcast(node.broadcast(condition.shape, whenTrue.shape), whenFalse.shape),
      },
    ];
  },
};
