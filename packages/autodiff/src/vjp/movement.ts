import {
  addDims,
  intAttribute,
  intsAttribute,
  type Op,
  runtimeShape,
  stringAttribute,
  subtractDims,
  type Value,
} from '@zooid/onnx';
import type { Dim } from '@zooid/tensor';
import { sumTo } from '../sum-to.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';
import { scatterInto, zerosLike } from './scatter.js';

/** Only the shape changed, so change it back. */
const reshaped: VjpRule = ({ x, dy }) => [() => dy.reshape(x.shape)];

function concat({ dy, inputs, graph, attributes }: VjpNode): readonly Cotangent[] {
  const axis = intAttribute(attributes, 'axis', 0);
  let parts: readonly Value[] | undefined;
  return inputs.map((_, i) => () => {
    const sizes = inputs.map(({ shape }) => shape.at(axis)!);
    parts ??= graph.emit('Split', [dy, runtimeShape(graph, sizes)], { axis }, sizes.length);
    return parts[i]!;
  });
}

/** Adds up the copies: every axis as (repeat, place), summed over the repeats. */
function tile({ x, dy, graph, inputs }: VjpNode): readonly Cotangent[] {
  return [
    () => {
      const repeats = graph.contents(inputs[1]!);
      const axes = x.shape.map((_, i) => 2 * i);
      if (repeats !== undefined) return dy.reshape(x.shape.flatMap((dim, i) => [repeats[i]!, dim])).sum(axes, false);
      const pairs = inputs[1]!.unsqueeze([1]).concat([x.runtimeShape().unsqueeze([1])], 1);
      return graph.emit('Reshape', [dy, pairs.reshape([2 * x.rank])])[0]!.sum(axes, false);
    },
  ];
}

/**
 * Where bounds are computed or there are steps: the positions along each axis are sliced as the tensor was, and say
 * where every entry of `dy` belongs.
 */
function scatteredSlice(node: VjpNode): Value {
  const { x, dy, graph, inputs } = node;
  const [starts, ends, given, steps] = [inputs[1]!, inputs[2]!, node.optional(3), node.optional(4)];
  const numbers = given === undefined ? x.shape.map((_, i) => i) : graph.contents(given);
  if (numbers === undefined) return node.missing('has no VJP rule for axes that are computed');
  const count = starts.shape[0]!;
  const axes = numbers.slice(0, typeof count === 'number' ? count : 1).map((axis) => positive(Number(axis), x.rank));
  const item = (vector: Value, i: number) => vector.slice(0, i, i + 1);
  return axes.reduceRight((cotangent, axis, i) => {
    // Later axes are whole again, earlier ones still sliced.
    const dims = x.shape.map((dim, at) => (axes.slice(0, i + 1).includes(at) ? cotangent.shape[at]! : dim));
    const whole = graph.scalar(0, dy.dtype).expand(dims.with(axis, x.shape[axis]!));
    const size = runtimeShape(graph, [x.shape[axis]!]).reshape([]);
    const places = graph.emit('Range', [graph.scalar(0, 'int64'), size, graph.scalar(1, 'int64')])[0]!;
    const bounds = [item(starts, i), item(ends, i), graph.constant([0], 'int64')];
    const taken = graph.emit('Slice', [places, ...bounds, ...(steps === undefined ? [] : [item(steps, i)])])[0]!;
    const column = taken.reshape(x.shape.map((_, at) => (at === axis ? -1 : 1)));
    return scatterInto(whole, column.expandLike(cotangent), cotangent, axis);
  }, dy);
}

const positive = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** Puts zeros where the slice took nothing. */
function slice(node: VjpNode): readonly Cotangent[] {
  return [
    () => {
      const { x, y, dy, graph, inputs } = node;
      const [starts, axes, steps] = [1, 3, 4].map((i) => {
        const value = node.optional(i);
        return value === undefined ? undefined : graph.contents(value);
      });
      const computed = starts === undefined || (node.optional(3) !== undefined && axes === undefined);
      if (computed || (inputs[4] != null && !steps?.every((step) => step === 1))) return scatteredSlice(node);
      const before: Dim[] = x.shape.map(() => 0);
      const after: Dim[] = x.shape.map(() => 0);
      starts.forEach((start, i) => {
        const axis = Number(axes?.[i] ?? i);
        const at = positive(axis, x.rank);
        const size = x.shape[at]!;
        const first = typeof start === 'number' && start < 0 ? addDims(size, start) : start;
        before[at] = first;
        after[at] = subtractDims(subtractDims(size, first), y.shape[at]!);
      });
      return graph.emit('Pad', [dy, runtimeShape(graph, [...before, ...after])])[0]!;
    },
  ];
}

/**
 * (PQ)ᵀ as QᵀPᵀ where Pᵀ is at hand, since P was made by transposing: a product in the other order instead of one more
 * pass over its result.
 */
function transposedProduct({ producer }: Value, perm: readonly number[]): Value | undefined {
  if (producer?.op !== 'MatMul' || !swapsLastTwo(perm)) return undefined;
  const [left, right] = [producer.inputs[0]!, producer.inputs[1]!];
  const leftPerm = left.producer?.op === 'Transpose' ? left.producer.attributes.perm : undefined;
  const turned = Array.isArray(leftPerm) && swapsLastTwo(leftPerm as readonly number[]) && left.rank === right.rank;
  return turned ? right.swapLastTwo().matmul(left.swapLastTwo()) : undefined;
}

function swapsLastTwo(perm: readonly number[]): boolean {
  const last = perm.length - 1;
  return last > 0 && perm.every((axis, i) => axis === (i < last - 1 ? i : i === last ? last - 1 : last));
}

export const movementVjps = {
  Transpose: ({ x, dy, attributes }) => {
    const perm = intsAttribute(attributes, 'perm') ?? x.shape.map((_, i) => x.rank - 1 - i);
    const inverse = perm.map((_, i) => perm.indexOf(i));
    return [() => transposedProduct(dy, perm) ?? dy.transpose(inverse)];
  },
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Expand: ({ x, dy }) => [() => sumTo(dy, x)],
  Tile: tile,
  Concat: concat,
  Slice: slice,
  Split: ({ cotangents, outputs, attributes }) => [
    () => {
      const parts = outputs.map((output, i) => cotangents[i] ?? zerosLike(output));
      return parts[0]!.concat(parts.slice(1), intAttribute(attributes, 'axis', 0));
    },
  ],
  Pad: (node) => {
    const { x, dy, graph, inputs } = node;
    return [
      () => {
        if (stringAttribute(node.attributes, 'mode', 'constant') !== 'constant')
          return node.missing('has no VJP rule for modes other than constant');
        const pads = graph.contents(inputs[1]!);
        // What was added is cut off, and what was cut off gets zeros.
        if (!pads?.every((pad) => typeof pad !== 'number' || pad >= 0))
          return graph.emit('Pad', [dy, inputs[1]!.neg()])[0]!;
        const starts = pads.slice(0, x.rank);
        const ends = starts.map((start, i) => addDims(start, x.shape[i]!));
        return graph.emit('Slice', [dy, runtimeShape(graph, starts), runtimeShape(graph, ends)])[0]!;
      },
    ];
  },
  Trilu: (node) => [() => node.graph.emit('Trilu', [node.dy, node.optional(1) ?? null], node.attributes)[0]!],
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
