import { floatAttribute, intAttribute, stringAttribute } from '../attributes.js';
import type { GraphNode } from '../graph.js';
import { isOp, type Op } from '../ops/index.js';
import type { Value } from '../value.js';

/** The outputs that a fused node would give, from plain operators; `undefined` where an output has no plain form. */
export type PlainForm = (node: GraphNode, inputs: readonly (Value | null)[]) => readonly (Value | undefined)[];

const plus = (x: Value, bias: Value | null | undefined) => (bias == null ? x : x.add(bias));

/** Hugging Face's `gelu_new`. */
function fastGelu(x: Value): Value {
  const inner = x.add(x.mul(x.square()).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

function normalised({ attributes }: GraphNode, x: Value, gamma: Value, beta: Value | null | undefined): Value {
  const epsilon = { float: floatAttribute(attributes, 'epsilon', 1e-12) };
  return x.graph.emit('LayerNormalization', [x, gamma, beta ?? null], { axis: -1, epsilon }, 3)[0]!;
}

/** What optimisers fused, in operators that have derivatives. Attention is not among them. */
export const plainForms: Partial<Record<Op, PlainForm>> = {
  FusedMatMul: ({ attributes }, [a, b]) => {
    const turned = (x: Value, name: string) =>
      intAttribute(attributes, name, 0) === 0 || x.rank < 2 ? x : x.swapLastTwo();
    const alpha = floatAttribute(attributes, 'alpha', 1);
    const product = turned(a!, 'transA').matmul(turned(b!, 'transB'));
    return [alpha === 1 ? product : product.mul(alpha)];
  },
  FusedGemm: ({ attributes }, inputs) => {
    const { activation: _activation, activation_alpha: alpha, ...rest } = attributes;
    const [product] = inputs[0]!.graph.emit('Gemm', inputs, rest);
    const activation = stringAttribute(attributes, 'activation', '');
    if (!isOp(activation)) return [undefined];
    return product!.graph.emit(activation, [product!], alpha === undefined ? {} : { alpha });
  },
  BiasGelu: (_node, [x, bias]) => [x!.add(bias!).gelu()],
  FastGelu: (_node, [x, bias]) => [fastGelu(plus(x!, bias))],
  QuickGelu: ({ attributes }, [x]) => [x!.mul(x!.mul(floatAttribute(attributes, 'alpha', 1.702)).sigmoid())],
  SkipLayerNormalization: (node, [x, skip, gamma, beta, bias]) => {
    const sum = plus(x!.add(skip!), bias);
    return [normalised(node, sum, gamma!, beta), undefined, undefined, sum];
  },
  EmbedLayerNormalization: (node, inputs) => {
    const [ids, segmentIds, words, positions, segments, gamma, beta, mask, positionIds] = inputs;
    const { graph } = ids!;
    const length = ids!.runtimeShape().gather(graph.scalar(1, 'int64'));
    const [from, step] = [graph.scalar(0, 'int64'), graph.scalar(1, 'int64')];
    const places = positionIds ?? graph.emit('Range', [from, length, step])[0]!;
    const embedded = words!.gather(ids!).add(positions!.gather(places));
    const sum = segmentIds == null || segments == null ? embedded : embedded.add(segments.gather(segmentIds));
    const lengths = mask == null ? undefined : mask.sum([1], false);
    return [normalised(node, sum, gamma!, beta), lengths, sum];
  },
};
