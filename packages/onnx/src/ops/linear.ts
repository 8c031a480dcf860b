import { type Dim, isAnonymousDim, type Shape } from '@zooid/tensor';
import { intAttribute, stringAttribute } from '../attributes.js';
import { parseEinsum } from '../einsum.js';
import type { NodeView, OpRule } from './rule.js';

export type LinearOp = 'MatMul' | 'Gemm' | 'Einsum';

/** NumPy's rules. @throws ShapeMismatchError */
export function matmulShape(node: NodeView, a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) node.fail('operands of at least one axis', a.length === 0 ? a : b);
  // NumPy: a vector on the left is a row, on the right a column, and the added axis goes away again.
  const left = a.length === 1 ? [1, a[0]!] : a;
  const right = b.length === 1 ? [b[0]!, 1] : b;
  const inner = left[left.length - 1]!;
  if (!node.mayEqual(inner, right[right.length - 2]!))
    node.fail([...right.slice(0, -2), inner, right[right.length - 1]!], right);
  const batch = node.broadcast(left.slice(0, -2), right.slice(0, -2));
  const rows = a.length === 1 ? [] : [left[left.length - 2]!];
  const columns = b.length === 1 ? [] : [right[right.length - 1]!];
  return [...batch, ...rows, ...columns];
}

/** One size per letter of an equation. */
function letterSizes(node: NodeView, terms: readonly string[]): ReadonlyMap<string, Dim> {
  const sizes = new Map<string, Dim>();
  terms.forEach((term, i) => {
    const { shape } = node.input(i);
    if (shape.length !== term.length) node.fail(`${term.length} axes for '${term}'`, shape);
    shape.forEach((dim, axis) => {
      const known = sizes.get(term[axis]!);
      if (known === undefined || isAnonymousDim(known) || (typeof known === 'string' && typeof dim === 'number'))
        sizes.set(term[axis]!, dim);
      else if (!node.mayEqual(known, dim)) node.fail(`${known} for '${term[axis]}'`, shape);
    });
  });
  return sizes;
}

export const linearRules: { readonly [P in LinearOp]: OpRule } = {
  MatMul: (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    return [{ dtype: node.commonDType(a, b), shape: matmulShape(node, a.shape, b.shape) }];
  },
  Gemm: (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    for (const { shape } of [a, b]) if (shape.length !== 2) node.fail('a matrix', shape);
    const [rows, inner] = intAttribute(node.attributes, 'transA', 0)
      ? [a.shape[1]!, a.shape[0]!]
      : [a.shape[0]!, a.shape[1]!];
    const transposed = intAttribute(node.attributes, 'transB', 0) !== 0;
    const [other, columns] = transposed ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
    if (!node.mayEqual(inner, other)) node.fail(transposed ? [columns, inner] : [inner, columns], b.shape);
    const shape = [rows, columns];
    const c = node.optional(2);
    if (c !== undefined) {
      const result = node.broadcast(shape, c.shape);
      if (result.length !== 2) node.fail(shape, c.shape);
    }
    return [{ dtype: node.commonDType(a, b), shape }];
  },
  Einsum: (node) => {
    const { terms, output } = parseEinsum(stringAttribute(node.attributes, 'equation', ''), node.inputs.length);
    const sizes = letterSizes(node, terms);
    const values = node.inputs.map((_, i) => node.input(i));
    return [{ dtype: node.commonDType(values[0]!, ...values), shape: [...output].map((letter) => sizes.get(letter)!) }];
  },
};
