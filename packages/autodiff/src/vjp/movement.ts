import { addDims, intAttribute, intsAttribute, type Op, runtimeShape, subtractDims, type Value } from '@zooid/onnx';
import type { Dim } from '@zooid/tensor';
import { sumTo } from '../sum-to.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';
import { zerosLike } from './scatter.js';

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

/** Puts zeros where the slice took nothing. */
function slice(node: VjpNode): readonly Cotangent[] {
  return [
    () => {
      const { x, y, dy, graph, inputs } = node;
      const [starts, axes, steps] = [1, 3, 4].map((i) => {
        const value = node.optional(i);
        return value === undefined ? undefined : graph.contents(value);
      });
      if (starts === undefined || (node.optional(3) !== undefined && axes === undefined)) {
        return node.missing('has no VJP rule for bounds that are computed');
      }
      if (inputs[4] != null && !steps?.every((step) => step === 1)) return node.missing('has no VJP rule for steps');
      const before: Dim[] = x.shape.map(() => 0);
      const after: Dim[] = x.shape.map(() => 0);
      starts.forEach((start, i) => {
        const axis = Number(axes?.[i] ?? i);
        const at = axis < 0 ? axis + x.rank : axis;
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
  Expand: ({ x, dy }) => [() => sumTo(dy, x.shape)],
  Tile: 'missing',
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
        const pads = graph.contents(inputs[1]!);
        if (pads === undefined || (node.attributes.mode !== undefined && node.attributes.mode !== 'constant')) {
          return node.missing('has no VJP rule for computed pads or modes other than constant');
        }
        const starts = pads.slice(0, x.rank);
        const ends = starts.map((start, i) => addDims(start, x.shape[i]!));
        return graph.emit('Slice', [dy, runtimeShape(graph, starts), runtimeShape(graph, ends)])[0]!;
      },
    ];
  },
  Trilu: (node) => [() => node.graph.emit('Trilu', [node.dy, node.optional(1) ?? null], node.attributes)[0]!],
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
