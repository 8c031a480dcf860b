import type { Dim } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import type { NodeView, OpRule } from './rule.js';

/** Operators of com.microsoft that stand for several standard ones. They have no derivative: training never sees them. */
export type ContribOp = 'Attention' | 'MultiHeadAttention' | 'BiasGelu';

/** The attribute `num_heads`, checked against the width it splits. */
export function checkHeads(node: NodeView, width: Dim | undefined): void {
  const heads = intAttribute(node.attributes, 'num_heads', 0);
  if (heads < 1 || (typeof width === 'number' && width % heads !== 0))
    node.fail(`a width that ${heads} heads divide`, width === undefined ? [] : [width]);
}

function requireRank(node: NodeView, index: number, rank: number): readonly Dim[] {
  const { shape } = node.input(index);
  if (shape.length !== rank) node.fail(`${rank} axes`, shape);
  return shape;
}

export const contribRules: { readonly [P in ContribOp]: OpRule } = {
  // input [batch, sequence, in], weights [in, q + k + v], bias [q + k + v], mask_index, past, attention_bias
  Attention: (node) => {
    const [batch, sequence, width] = requireRank(node, 0, 3);
    const [inner, packed] = requireRank(node, 1, 2);
    if (!node.mayEqual(width!, inner!)) node.fail([width!, packed!], node.input(1).shape);
    const sizes = intsAttribute(node.attributes, 'qkv_hidden_sizes');
    const out = sizes?.[2] ?? (typeof packed === 'number' ? packed / 3 : node.freshDim());
    checkHeads(node, out);
    return [{ dtype: node.commonDType(node.input(0), node.input(1)), shape: [batch!, sequence!, out] }];
  },
  // query [batch, sequence, width], key and value [batch, keys, width], bias, key_padding_mask, attention_bias
  MultiHeadAttention: (node) => {
    const [batch, sequence, width] = requireRank(node, 0, 3);
    const keys = requireRank(node, 1, 3);
    const values = requireRank(node, 2, 3);
    if (!node.mayEqual(width!, keys[2]!)) node.fail([batch!, keys[1]!, width!], keys);
    if (!node.mayEqual(keys[1]!, values[1]!)) node.fail([batch!, keys[1]!, values[2]!], values);
    checkHeads(node, width);
    const dtype = node.commonDType(node.input(0), node.input(1), node.input(2));
    return [{ dtype, shape: [batch!, sequence!, values[2]!] }];
  },
  BiasGelu: (node) => {
    const [x, bias] = [node.input(0), node.input(1)];
    if (bias.shape.length !== 1 || !node.mayEqual(bias.shape[0]!, x.shape.at(-1)!))
      node.fail([x.shape.at(-1) ?? 1], bias.shape);
    return [{ dtype: node.commonDType(x, bias), shape: x.shape }];
  },
};
