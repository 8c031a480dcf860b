import { type Dim, formatShape, isAnonymousDim, type Shape } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import { addDims, divideDims, multiplyDims, subtractDims } from '../dims.js';
import { GraphError } from '../errors.js';
import type { NodeView, OpRule } from './rule.js';

export type MovementOp =
  | 'Transpose'
  | 'Reshape'
  | 'Flatten'
  | 'Expand'
  | 'Tile'
  | 'Squeeze'
  | 'Unsqueeze'
  | 'Concat'
  | 'Slice'
  | 'Split'
  | 'Pad'
  | 'Trilu';

/** ONNX's "to the end" is any very large number. */
const END = 2 ** 31 - 1;

/**
 * The shape of `Reshape`: `0` copies the dim at the same position, one `-1` takes what is left.
 * @throws ShapeMismatchError when the element counts cannot be equal.
 */
export function reshapedShape(node: NodeView, from: Shape, target: readonly Dim[], allowZero = false): Shape {
  const copied = target.map((dim, i) => {
    if (dim !== 0 || allowZero) return dim;
    return from[i] ?? node.fail(`at least ${i + 1} axes for the 0 in target ${formatShape(target)}`, from);
  });
  const holes = copied.filter((dim) => dim === -1).length;
  if (holes > 1) throw new GraphError(`${node.op} target ${formatShape(target)} has more than one -1`);
  const known = copied.filter((dim) => dim !== -1);
  const quotient = divideDims(from, known);
  if (holes === 1) {
    const bothStatic = [...from, ...known].every((dim) => typeof dim === 'number');
    if (quotient === undefined && bothStatic)
      node.fail(`a count divisible by ${multiplyDims(...known)} for target ${formatShape(target)}`, from);
    return copied.with(copied.indexOf(-1), quotient ?? node.freshDim());
  }
  if (!node.mayEqual(multiplyDims(...from), multiplyDims(...copied))) node.fail(copied, from);
  return copied;
}

/** The axes of an axes input (opset 13+) or attribute, counted from the front. */
function axesOf(node: NodeView, rank: number): readonly number[] | undefined {
  const axes = node.optional(1) === undefined ? intsAttribute(node.attributes, 'axes') : node.numbers(1);
  return axes?.map((axis) => node.positiveAxis(axis, rank));
}

/** Size of `[start, end)` of `dim`. A named dim is taken to be as long as the slice needs. */
function sliceDim(dim: Dim, start: Dim, end: Dim, step: Dim): Dim | undefined {
  if (step === -1 && typeof start === 'number' && typeof end === 'number' && start === -1 && end <= -END) return dim;
  if (typeof dim === 'number' && typeof start === 'number' && typeof end === 'number' && typeof step === 'number') {
    if (step <= 0) return undefined;
    const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + dim : at, 0), dim);
    return Math.max(0, Math.ceil((clamp(end) - clamp(start)) / step));
  }
  if (step !== 1) return undefined;
  const open = typeof end === 'number' && end >= END;
  const from = typeof start === 'number' && start < 0 ? addDims(dim, start) : start;
  const to = open ? dim : typeof end === 'number' && end < 0 ? addDims(dim, end) : end;
  return subtractDims(to, from);
}

function sliceContents(contents: readonly Dim[], start: Dim, end: Dim, step: Dim): readonly Dim[] | undefined {
  if (typeof start !== 'number' || typeof end !== 'number' || step !== 1) return undefined;
  return contents.slice(start, end >= END ? undefined : end);
}

export const movementRules: { readonly [P in MovementOp]: OpRule } = {
  Transpose: (node) => {
    const { dtype, shape } = node.input(0);
    const perm = intsAttribute(node.attributes, 'perm') ?? shape.map((_, i) => shape.length - 1 - i);
    if (
      perm.length !== shape.length ||
      new Set(perm).size !== perm.length ||
      perm.some((i) => !(i >= 0 && i < shape.length))
    ) {
      node.fail(`${perm.length} axes for perm ${formatShape(perm)}`, shape);
    }
    return [{ dtype, shape: perm.map((axis) => shape[axis]!) }];
  },
  Reshape: (node) => {
    const { dtype, shape } = node.input(0);
    node.require(node.input(1), 'int64');
    const target = node.contents(1);
    if (target === undefined) return [{ dtype, shape: node.freshShape(1) }];
    const contents = target.length <= 1 ? node.contents(0) : undefined;
    const result = reshapedShape(node, shape, target, intAttribute(node.attributes, 'allowzero', 0) !== 0);
    return [{ dtype, shape: result, ...(contents && { contents }) }];
  },
  Flatten: (node) => {
    const { dtype, shape } = node.input(0);
    const axis = intAttribute(node.attributes, 'axis', 1);
    const at = axis === shape.length ? axis : node.positiveAxis(axis, shape.length);
    return [{ dtype, shape: [multiplyDims(...shape.slice(0, at)), multiplyDims(...shape.slice(at))] }];
  },
  Expand: (node) => {
    const { dtype, shape } = node.input(0);
    const target = node.contents(1);
    if (target !== undefined) return [{ dtype, shape: node.broadcast(shape, target) }];
    return [{ dtype, shape: node.freshDims(Math.max(node.vectorLength(1), shape.length)) }];
  },
  Tile: (node) => {
    const { dtype, shape } = node.input(0);
    const repeats = node.contents(1);
    if (repeats !== undefined && repeats.length !== shape.length)
      node.fail(`${repeats.length} axes for repeats ${formatShape(repeats)}`, shape);
    return [
      {
        dtype,
        shape: shape.map((dim, i) => (repeats === undefined ? node.freshDim() : multiplyDims(dim, repeats[i]!))),
      },
    ];
  },
  Squeeze: (node) => {
    const { dtype, shape } = node.input(0);
    const axes = axesOf(node, shape.length) ?? shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
    for (const axis of axes) {
      const dim = shape[axis]!;
      if (typeof dim === 'number' && dim !== 1) node.fail(`size 1 at axis ${axis}`, shape);
    }
    const contents = node.contents(0);
    return [{ dtype, shape: shape.filter((_, i) => !axes.includes(i)), ...(contents && { contents }) }];
  },
  Unsqueeze: (node) => {
    const { dtype, shape } = node.input(0);
    const given = node.optional(1) === undefined ? intsAttribute(node.attributes, 'axes') : node.numbers(1);
    if (given === undefined) throw new GraphError(`Unsqueeze of '${node.input(0).name}' needs constant axes`);
    const rank = shape.length + given.length;
    const axes = given.map((axis) => node.positiveAxis(axis, rank));
    const rest = shape[Symbol.iterator]();
    const contents = node.contents(0);
    return [
      {
        dtype,
        shape: Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.next().value as Dim))),
        ...(contents && { contents }),
      },
    ];
  },
  Concat: (node) => {
    const values = node.inputs.map((_, i) => node.input(i));
    const first = node.input(0).shape;
    const axis = node.axis(first.length, 0);
    const shape = [...first];
    for (const { shape: other } of values.slice(1)) {
      if (other.length !== first.length) node.fail(first, other);
      other.forEach((dim, i) => {
        if (i === axis) return;
        const mine = shape[i]!;
        if (isAnonymousDim(mine) || (typeof mine === 'string' && typeof dim === 'number')) shape[i] = dim;
        else if (!node.mayEqual(mine, dim)) node.fail(first.with(axis, other[axis]!), other);
      });
    }
    shape[axis] = addDims(...values.map((value) => value.shape[axis]!));
    const contents = first.length === 1 ? values.map((_, i) => node.contents(i)) : [undefined];
    const known = contents.every((part) => part !== undefined) ? contents.flat() : undefined;
    return [{ dtype: node.commonDType(...values), shape, ...(known && { contents: known }) }];
  },
  Slice: (node) => {
    const { dtype, shape } = node.input(0);
    const [starts, ends] = [node.contents(1), node.contents(2)];
    const axes =
      node.optional(3) === undefined
        ? Array.from({ length: node.vectorLength(1) }, (_, i) => node.positiveAxis(i, shape.length))
        : node.numbers(3)?.map((axis) => node.positiveAxis(axis, shape.length));
    if (axes === undefined) return [{ dtype, shape: node.freshDims(shape.length) }];
    const steps = node.optional(4) === undefined ? axes.map(() => 1) : node.contents(4);
    const result = [...shape];
    axes.forEach((axis, i) => {
      const size = starts && ends && steps && sliceDim(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
      result[axis] = size === undefined || (typeof size === 'number' && size < 0) ? node.freshDim() : size;
    });
    const contents = node.contents(0);
    const kept =
      contents && starts && ends && steps && shape.length === 1
        ? sliceContents(contents, starts[0]!, ends[0]!, steps[0]!)
        : undefined;
    return [{ dtype, shape: result, ...(kept && { contents: kept }) }];
  },
  Split: (node) => {
    const { dtype, shape } = node.input(0);
    const axis = node.axis(shape.length, 0);
    const size = shape[axis]!;
    const sizes = node.optional(1) === undefined ? intsAttribute(node.attributes, 'split') : node.contents(1);
    if (sizes === undefined) {
      const part = divideDims([size], [node.outputCount]);
      if (part === undefined && typeof size === 'number')
        node.fail(`a multiple of ${node.outputCount} along axis ${axis}`, shape);
      return Array.from({ length: node.outputCount }, () => ({
        dtype,
        shape: shape.with(axis, part ?? node.freshDim()),
      }));
    }
    const total = addDims(...sizes);
    if (sizes.length !== node.outputCount || !node.mayEqual(total, size)) {
      node.fail(`${total} along axis ${axis} for ${node.outputCount} parts ${formatShape(sizes)}`, shape);
    }
    return sizes.map((part) => ({ dtype, shape: shape.with(axis, part) }));
  },
  Pad: (node) => {
    const { dtype, shape } = node.input(0);
    const pads = node.contents(1);
    if (pads !== undefined && pads.length !== 2 * shape.length)
      node.fail(`${pads.length / 2} axes for pads ${formatShape(pads)}`, shape);
    return [
      {
        dtype,
        shape: shape.map((dim, i) =>
          pads === undefined ? node.freshDim() : addDims(dim, pads[i]!, pads[shape.length + i]!),
        ),
      },
    ];
  },
  Trilu: (node) => {
    const { dtype, shape } = node.input(0);
    if (shape.length < 2) node.fail('at least two axes', shape);
    return [{ dtype, shape }];
  },
};
