import type { Dim } from '@zooid/tensor';
import { intAttribute } from '../attributes.js';
import { checkHeads } from './contrib.js';
import type { NodeView, OpRule } from './rule.js';

/** What makes integers of float activations. It has no derivative. */
export type QuantizerOp = 'DynamicQuantizeLinear';

/** Products and attention with quantized weights, from com.microsoft. They have no derivative. */
export type QuantizationOp = 'DynamicQuantizeMatMul' | 'MatMulNBits' | 'QAttention';

export const quantizerRules: { readonly [P in QuantizerOp]: OpRule } = {
  // x → uint8 by the range of all of x and zero, its scale, its zero point
  DynamicQuantizeLinear: (node) => {
    const x = node.input(0);
    node.require(x, 'float32');
    return [
      { dtype: 'uint8', shape: x.shape },
      { dtype: 'float32', shape: [] },
      { dtype: 'uint8', shape: [] },
    ];
  },
};

/** `[..., inner]` → `[..., columns]` */
function product(node: NodeView, inner: Dim, columns: Dim) {
  const { dtype, shape } = node.input(0);
  node.require(node.input(0), 'float32');
  const width = shape.at(-1);
  if (width === undefined || !node.mayEqual(width, inner)) node.fail([...shape.slice(0, -1), inner], shape);
  return [{ dtype, shape: [...shape.slice(0, -1), columns] }];
}

export const quantizationRules: { readonly [P in QuantizationOp]: OpRule } = {
  // A [..., K], B [K, N], b_scale [] or [N], b_zero_point like b_scale, bias [N]. A is quantized per tensor as it comes.
  DynamicQuantizeMatMul: (node) => {
    const b = node.input(1);
    node.require(b, 'int8', 'uint8');
    node.require(node.input(2), 'float32');
    if (b.shape.length !== 2) node.fail('a matrix', b.shape);
    return product(node, b.shape[0]!, b.shape[1]!);
  },
  // A [..., K], B [N, ceil(K / block_size), block_size × bits / 8], scales [N × ceil(K / block_size)], zero_points, g_idx, bias
  MatMulNBits: (node) => {
    const [inner, columns] = [intAttribute(node.attributes, 'K', 0), intAttribute(node.attributes, 'N', 0)];
    const block = intAttribute(node.attributes, 'block_size', 0);
    const bits = intAttribute(node.attributes, 'bits', 4);
    const b = node.input(1);
    node.require(b, 'uint8');
    if (inner < 1 || columns < 1 || block < 1) node.fail('positive attributes K, N and block_size', b.shape);
    const expected = [columns, Math.ceil(inner / block), (block * bits) / 8];
    if (b.shape.length !== 3 || !b.shape.every((dim, i) => node.mayEqual(dim, expected[i]!)))
      node.fail(expected, b.shape);
    return product(node, inner, columns);
  },
  // input [batch, sequence, in], weight [in, 3 × width], bias [3 × width], input scale [], weight scale [] or [3 × width],
  // mask_index, input zero point, weight zero point, past. Scores are divided by the root of a head's size.
  QAttention: (node) => {
    const [input, weight] = [node.input(0), node.input(1)];
    node.require(input, 'int8', 'uint8');
    node.require(weight, 'int8', 'uint8');
    node.require(node.input(2), 'float32');
    if (input.shape.length !== 3) node.fail('3 axes', input.shape);
    const [batch, sequence, inner] = input.shape;
    const [rows, packed] = weight.shape;
    if (weight.shape.length !== 2 || !node.mayEqual(inner!, rows!)) node.fail([inner!, packed ?? 3], weight.shape);
    const width = typeof packed === 'number' ? packed / 3 : node.freshDim();
    checkHeads(node, width);
    return [{ dtype: 'float32', shape: [batch!, sequence!, width] }];
  },
};
