import type { Dim, Shape } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import { multiplyDims } from '../dims.js';
import type { Graph, GraphNode } from '../graph.js';
import type { Op } from '../ops/index.js';
import type { Value } from '../value.js';

/** A part of a tensor: `[start, end)` of one axis, or rows after the first `axes` axes are merged into one. */
export type Selection =
  | { readonly kind: 'slice'; readonly axis: number; readonly start: number; readonly end: number }
  | { readonly kind: 'rows'; readonly axes: number; readonly indices: Value };

/** How a node's first output is computed for a selection alone. */
export interface SelectedNode {
  /** Per input: the part of it that is needed; `undefined` = all. */
  readonly inputs: readonly (Selection | undefined)[];
  emit(inputs: readonly (Value | null)[]): Value;
}

export function selectionKey(selection: Selection): string {
  return selection.kind === 'slice'
    ? `slice ${selection.axis} ${selection.start} ${selection.end}`
    : `rows ${selection.axes} ${selection.indices.name}`;
}

/** The selection that a node makes of its first input, where bounds are known while building. */
export function selectionOf({ op, inputs, outputs, attributes }: GraphNode, graph: Graph): Selection | undefined {
  const x = inputs[0]!;
  if (op === 'Slice') {
    const [starts, ends, axes, steps] = [1, 2, 3, 4].map((i) => (inputs[i] ? graph.contents(inputs[i]) : undefined));
    if (starts?.length !== 1 || (inputs[4] && steps?.[0] !== 1)) return undefined;
    const [start, end, axis] = [starts[0], ends?.[0], axes?.[0]];
    if (typeof start !== 'number' || typeof end !== 'number' || typeof axis !== 'number' || start < 0) return undefined;
    const at = axis < 0 ? axis + x.rank : axis;
    return outputs[0]!.shape[at] === end - start ? { kind: 'slice', axis: at, start, end } : undefined;
  }
  const indices = inputs[1];
  // Tables of parameters and other inputs are left alone: there is nothing behind them to compute less of.
  if (op !== 'Gather' || x.producer === undefined || indices?.rank !== 1 || x.rank < 2) return undefined;
  return intAttribute(attributes, 'axis', 0) === 0 ? { kind: 'rows', axes: 1, indices } : undefined;
}

/** Emits the selected part of a whole value. */
export function select(value: Value, selection: Selection): Value {
  if (selection.kind === 'slice') return value.slice(selection.axis, selection.start, selection.end);
  const merged = selection.axes === 1 ? value : value.reshape([-1, ...value.shape.slice(selection.axes)]);
  return merged.gather(selection.indices);
}

/** How `node` is computed for a selection of its first output; `undefined` where that needs all of its inputs. */
export function selectThrough(node: GraphNode, selection: Selection): SelectedNode | undefined {
  const rule = rules[node.op as Op];
  return rule?.(node, selection);
}

type Rule = (node: GraphNode, selection: Selection) => SelectedNode | undefined;

const sameRule: Rule = (node, selection) => copying(node, [selection]);

/** Operands that broadcast along what is selected are needed whole. */
const broadcastRule: Rule = (node, selection) => {
  const { shape } = node.outputs[0]!;
  const inputs: (Selection | undefined)[] = [];
  for (const value of node.inputs) {
    const aligned = alignedSelection(value!.shape, shape, selection);
    if (aligned === null) return undefined;
    inputs.push(aligned);
  }
  return copying(node, inputs);
};

/** For operators along the last axis whose further inputs are vectors along it. */
const lastAxisRule: Rule = (node, selection) => {
  const { rank } = node.outputs[0]!;
  const axis = intAttribute(node.attributes, 'axis', -1);
  const touched = selection.kind === 'slice' ? selection.axis === rank - 1 : selection.axes === rank;
  if ((axis !== -1 && axis !== rank - 1) || touched) return undefined;
  return copying({ ...node, attributes: { ...node.attributes, axis: -1 } }, [selection]);
};

const matmulRule: Rule = (node, selection) => {
  const [a, b] = node.inputs as readonly [Value, Value];
  const { shape, rank } = node.outputs[0]!;
  if (a.rank < 2 || b.rank < 2) return undefined;
  if (selection.kind === 'rows') {
    return b.rank === 2 && a.rank === rank && selection.axes < rank ? copying(node, [selection]) : undefined;
  }
  if (selection.axis === rank - 1) return undefined;
  if (selection.axis === rank - 2) return copying(node, [{ ...selection, axis: a.rank - 2 }]);
  const batch = shape.slice(0, -2);
  const inputs = [a, b].map((value) => alignedSelection(value.shape.slice(0, -2), batch, selection));
  return inputs.includes(null) ? undefined : copying(node, inputs as (Selection | undefined)[]);
};

const transposeRule: Rule = (node, selection) => {
  if (selection.kind === 'rows') return undefined;
  const x = node.inputs[0]!;
  const perm = intsAttribute(node.attributes, 'perm') ?? x.shape.map((_, i) => x.rank - 1 - i);
  return copying(node, [{ ...selection, axis: perm[selection.axis]! }]);
};

const reshapeRule: Rule = (node, selection) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!];
  if (selection.kind === 'slice') {
    const { axis, start, end } = selection;
    const untouched = x.rank > axis && y.shape.slice(0, axis + 1).every((dim, i) => dim === x.shape[i]);
    if (!untouched) return undefined;
    return { inputs: [selection], emit: ([part]) => part!.reshape(y.shape.with(axis, end - start)) };
  }
  const { axes, indices } = selection;
  const merged = multiplyDims(...y.shape.slice(0, axes));
  const before = x.shape.findIndex((_, i) => multiplyDims(...x.shape.slice(0, i + 1)) === merged) + 1;
  if (before === 0) return undefined;
  const target = [indices.shape[0]!, ...y.shape.slice(axes)];
  return {
    inputs: [{ kind: 'rows', axes: before, indices }],
    emit: ([part]) => (sameShape(part!.shape, target) ? part! : part!.reshape([-1, ...target.slice(1)])),
  };
};

const rules: { readonly [P in Op]?: Rule } = {
  ...Object.fromEntries(
    (
      [
        ...([
          'Abs',
          'Cast',
          'Ceil',
          'Clip',
          'Erf',
          'Exp',
          'Floor',
          'Gelu',
          'HardSigmoid',
          'Identity',
          'LeakyRelu',
        ] as const),
        ...(['Log', 'Neg', 'Not', 'Reciprocal', 'Relu', 'Sigmoid', 'Sign', 'Softplus', 'Sqrt', 'Tanh'] as const),
      ] satisfies readonly Op[]
    ).map((op) => [op, sameRule]),
  ),
  Add: broadcastRule,
  Sub: broadcastRule,
  Mul: broadcastRule,
  Div: broadcastRule,
  Pow: broadcastRule,
  Max: broadcastRule,
  Min: broadcastRule,
  Where: broadcastRule,
  LayerNormalization: lastAxisRule,
  Softmax: lastAxisRule,
  LogSoftmax: lastAxisRule,
  MatMul: matmulRule,
  Transpose: transposeRule,
  Reshape: reshapeRule,
};

/** The part of an operand that a selection of the broadcast result needs; `null` where that is not a selection. */
function alignedSelection(operand: Shape, result: Shape, selection: Selection): Selection | undefined | null {
  const missing = result.length - operand.length;
  if (selection.kind === 'slice') {
    const axis = selection.axis - missing;
    if (axis < 0 || operand[axis] === 1) return undefined;
    return operand[axis] === result[selection.axis] ? { ...selection, axis } : null;
  }
  if (operand.length <= result.length - selection.axes) return undefined;
  const leading = (shape: Shape): readonly Dim[] => shape.slice(0, selection.axes);
  return missing === 0 && sameShape(leading(operand), leading(result)) ? selection : null;
}

function copying(node: GraphNode, inputs: readonly (Selection | undefined)[]): SelectedNode {
  return {
    inputs,
    emit: (values) => {
      const { graph } = node.outputs[0]!;
      return graph.copyNode(node, values, node.outputs.length, graph.freshName(node.op))[0]!;
    },
  };
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
