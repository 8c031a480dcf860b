import type { DType, Shape } from '@zooid/tensor';
import { dtypeCode } from './data-types.js';
import type { Graph, GraphNode } from './graph.js';
import { resolveReshape, runtimeShape } from './symbolic.js';

type Operand = Value | number;

/**
 * A tensor in a graph under construction. Methods append nodes; a number operand becomes a scalar constant of this
 * value's dtype. Negative axes count from the end, as in NumPy.
 */
export class Value {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly dtype: DType,
    readonly shape: Shape,
    readonly producer: GraphNode | undefined,
  ) {}

  get rank(): number {
    return this.shape.length;
  }

  add(other: Operand): Value {
    return this.binary('Add', other);
  }
  sub(other: Operand): Value {
    return this.binary('Sub', other);
  }
  mul(other: Operand): Value {
    return this.binary('Mul', other);
  }
  div(other: Operand): Value {
    return this.binary('Div', other);
  }
  pow(exponent: Operand): Value {
    return this.binary('Pow', exponent);
  }
  equal(other: Operand): Value {
    return this.binary('Equal', other);
  }
  less(other: Operand): Value {
    return this.binary('Less', other);
  }
  greater(other: Operand): Value {
    return this.binary('Greater', other);
  }
  /** Elementwise maximum of the two. */
  maximum(other: Operand): Value {
    return this.binary('Max', other);
  }
  minimum(other: Operand): Value {
    return this.binary('Min', other);
  }

  neg(): Value {
    return this.unary('Neg');
  }
  abs(): Value {
    return this.unary('Abs');
  }
  sqrt(): Value {
    return this.unary('Sqrt');
  }
  exp(): Value {
    return this.unary('Exp');
  }
  log(): Value {
    return this.unary('Log');
  }
  erf(): Value {
    return this.unary('Erf');
  }
  tanh(): Value {
    return this.unary('Tanh');
  }
  sigmoid(): Value {
    return this.unary('Sigmoid');
  }
  relu(): Value {
    return this.unary('Relu');
  }
  square(): Value {
    return this.mul(this);
  }
  not(): Value {
    return this.unary('Not');
  }
  /** Exact (erf) GELU as one node: com.microsoft `Gelu`. */
  gelu(): Value {
    return this.graph.emit('Gelu', [this])[0]!;
  }

  /** Batched matrix product over the last two axes, broadcasting the rest. */
  matmul(other: Value): Value {
    return this.graph.emit('MatMul', [this, other])[0]!;
  }

  /** Axis `i` of the result is axis `perm[i]`. Undoing the transposition that made this value gives back its source. */
  transpose(perm: readonly number[]): Value {
    const before = this.producer?.op === 'Transpose' ? this.producer.attributes.perm : undefined;
    if (Array.isArray(before) && perm.length === before.length && perm.every((axis, i) => before[axis] === i)) {
      return this.producer!.inputs[0]!;
    }
    return this.graph.emit('Transpose', [this], { perm })[0]!;
  }

  swapLastTwo(): Value {
    const perm = this.shape.map((_, i) => i);
    [perm[this.rank - 2], perm[this.rank - 1]] = [this.rank - 1, this.rank - 2];
    return this.transpose(perm);
  }

  /**
   * Reshapes to a target that may mix numbers, `-1` (once) and symbolic dims. Symbolic dims are copied from the same
   * position, inferred, or computed at run time, whichever is cheapest.
   */
  reshape(target: readonly (number | string)[]): Value {
    return this.graph.emit('Reshape', [this, resolveReshape(this, target)])[0]!;
  }

  /** Broadcasts to the shape of `other`, at run time where it is symbolic. */
  expandLike(other: Value): Value {
    return this.expand(other.shape, other);
  }

  /** Broadcasts to `shape`; `source` is a value that has this shape, needed when it is symbolic. */
  expand(shape: Shape, source?: Value): Value {
    return this.graph.emit('Expand', [this, runtimeShape(this.graph, shape, source)])[0]!;
  }

  /** The value's shape at run time, int64 `[rank]`. */
  runtimeShape(): Value {
    return this.graph.emit('Shape', [this])[0]!;
  }

  sum(axes: readonly number[], keepDims = true): Value {
    return this.reduce('ReduceSum', axes, keepDims);
  }
  mean(axes: readonly number[], keepDims = true): Value {
    return this.reduce('ReduceMean', axes, keepDims);
  }
  max(axes: readonly number[], keepDims = true): Value {
    return this.reduce('ReduceMax', axes, keepDims);
  }
  argMax(axis: number, keepDims = false): Value {
    return this.graph.emit('ArgMax', [this], { axis, keepdims: keepDims ? 1 : 0 })[0]!;
  }

  softmax(axis = -1): Value {
    return this.graph.emit('Softmax', [this], { axis })[0]!;
  }
  logSoftmax(axis = -1): Value {
    return this.graph.emit('LogSoftmax', [this], { axis })[0]!;
  }

  /** Rows (or slices along `axis`) at int64 `indices`. */
  gather(indices: Value, axis = 0): Value {
    return this.graph.emit('Gather', [this, indices], { axis })[0]!;
  }
  gatherElements(indices: Value, axis: number): Value {
    return this.graph.emit('GatherElements', [this, indices], { axis })[0]!;
  }

  /** This boolean selects from `whenTrue` or `whenFalse`, broadcasting. */
  where(whenTrue: Value, whenFalse: Value): Value {
    return this.graph.emit('Where', [this, whenTrue, whenFalse])[0]!;
  }

  concat(others: readonly Value[], axis: number): Value {
    return this.graph.emit('Concat', [this, ...others], { axis })[0]!;
  }

  /** `[start, end)` along `axis`; ends may be negative, or Infinity for "to the end". */
  slice(axis: number, start: number, end: number): Value {
    const g = this.graph;
    const last = Number.isFinite(end) ? end : 2 ** 31 - 1;
    return g.emit('Slice', [
      this,
      g.constant([start], 'int64'),
      g.constant([last], 'int64'),
      g.constant([axis < 0 ? axis + this.rank : axis], 'int64'),
    ])[0]!;
  }

  /** Equal parts along `axis`. */
  split(axis: number, sizes: readonly number[]): readonly Value[] {
    return this.graph.emit('Split', [this, this.graph.constant(sizes, 'int64')], { axis }, sizes.length);
  }

  squeeze(axes: readonly number[]): Value {
    return this.graph.emit('Squeeze', [this, this.graph.constant(axes, 'int64')])[0]!;
  }
  unsqueeze(axes: readonly number[]): Value {
    return this.graph.emit('Unsqueeze', [this, this.graph.constant(axes, 'int64')])[0]!;
  }
  cast(to: DType): Value {
    return to === this.dtype ? this : this.graph.emit('Cast', [this], { to: dtypeCode(to) })[0]!;
  }

  /** Normalises over the last axis. Returns the result only; `autodiff` asks for mean and inverse deviation itself. */
  layerNormalization(scale: Value, bias: Value, epsilon: number): Value {
    return this.graph.emit('LayerNormalization', [this, scale, bias], { axis: -1, epsilon: { float: epsilon } }, 3)[0]!;
  }

  private unary(op: 'Neg' | 'Abs' | 'Sqrt' | 'Exp' | 'Log' | 'Erf' | 'Tanh' | 'Sigmoid' | 'Relu' | 'Not'): Value {
    return this.graph.emit(op, [this])[0]!;
  }

  private binary(
    op: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Pow' | 'Equal' | 'Less' | 'Greater' | 'Max' | 'Min',
    other: Operand,
  ): Value {
    const right = typeof other === 'number' ? this.graph.scalar(other, this.dtype) : other;
    return this.graph.emit(op, [this, right])[0]!;
  }

  private reduce(op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax', axes: readonly number[], keepDims: boolean): Value {
    const positive = axes.map((axis) => (axis < 0 ? axis + this.rank : axis));
    const keepdims = keepDims ? 1 : 0;
    // Opset 17 takes ReduceSum's axes as an input and the other reductions' as an attribute.
    return op === 'ReduceSum'
      ? this.graph.emit(op, [this, this.graph.constant(positive, 'int64')], { keepdims })[0]!
      : this.graph.emit(op, [this], { axes: positive, keepdims })[0]!;
  }
}
