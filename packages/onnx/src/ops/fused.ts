import type { Dim, Shape } from '@zooid/tensor';
import { intAttribute } from '../attributes.js';
import { linearRules, matmulShape } from './linear.js';
import type { NodeView, OpRule } from './rule.js';

/**
 * What onnxruntime's optimiser and Optimum put in the place of several operators, in models that come from outside.
 * `importGraph` says them in plain operators again.
 */
export type FusedOp =
  | 'FusedMatMul'
  | 'FusedGemm'
  | 'FastGelu'
  | 'QuickGelu'
  | 'SkipLayerNormalization'
  | 'EmbedLayerNormalization';

const turned = (shape: Shape): Shape =>
  shape.length < 2 ? shape : [...shape.slice(0, -2), shape[shape.length - 1]!, shape[shape.length - 2]!];

/** The bias that may follow, one number per entry of the last axis. */
function checkBias(node: NodeView, index: number, width: Dim | undefined): void {
  const bias = node.optional(index);
  if (bias !== undefined && (bias.shape.length !== 1 || !node.mayEqual(bias.shape[0]!, width ?? 1)))
    node.fail([width ?? 1], bias.shape);
}

export const fusedRules: { readonly [P in FusedOp]: OpRule } = {
  // α·A′B′, where ′ transposes the last two axes on request
  FusedMatMul: (node) => {
    const [a, b] = [node.input(0), node.input(1)];
    const flag = (name: string) => intAttribute(node.attributes, name, 0) !== 0;
    if (flag('transBatchA') || flag('transBatchB')) node.fail('no transposition of batch axes', a.shape);
    const shape = matmulShape(
      node,
      flag('transA') ? turned(a.shape) : a.shape,
      flag('transB') ? turned(b.shape) : b.shape,
    );
    return [{ dtype: node.commonDType(a, b), shape }];
  },
  // Gemm and then the function that the attribute `activation` names
  FusedGemm: linearRules.Gemm,
  FastGelu: (node) => {
    const { dtype, shape } = node.input(0);
    checkBias(node, 1, shape.at(-1));
    return [{ dtype, shape }];
  },
  QuickGelu: (node) => [{ dtype: node.input(0).dtype, shape: node.input(0).shape }],
  // input, skip, gamma, beta, bias → output, mean, inverse deviation, input + skip + bias
  SkipLayerNormalization: (node) => {
    const [x, skip] = [node.input(0), node.input(1)];
    const width = x.shape.at(-1);
    for (const i of [2, 3, 4]) checkBias(node, i, width);
    const result = { dtype: node.commonDType(x, skip), shape: node.broadcast(x.shape, skip.shape) };
    const statistics = { dtype: result.dtype, shape: result.shape.with(-1, 1) };
    return [result, statistics, statistics, result];
  },
  // input_ids, segment_ids, word, position, segment embeddings, gamma, beta, mask, position_ids → output, lengths, sum
  EmbedLayerNormalization: (node) => {
    const [ids, words] = [node.input(0), node.input(2)];
    node.require(ids, 'int32');
    if (ids.shape.length !== 2 || words.shape.length !== 2) node.fail('ids and a table of two axes each', ids.shape);
    const result = { dtype: words.dtype, shape: [...ids.shape, words.shape[1]!] };
    return [result, { dtype: 'int32', shape: [ids.shape[0]!] }, result];
  },
};
