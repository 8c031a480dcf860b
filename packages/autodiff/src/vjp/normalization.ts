import { intAttribute, type Op, type Value } from '@zooid/onnx';
import { sumTo } from '../sum-to.js';
import { lazy } from './lazy.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';

/**
 * y = x̂·γ + β with x̂ = (x − μ)/σ over the last axis. With g = dy·γ,
 * dx = (g − mean(g) − x̂·mean(g·x̂)) / σ, dγ = Σ dy·x̂, dβ = Σ dy.
 *
 * Arranged for few passes over the activations: x̂ itself is never formed (c = x − μ stands for it, and 1/σ is a number
 * per row), and the means and sums are products with vectors, which read without writing.
 */
function layerNormalization(node: VjpNode): readonly Cotangent[] {
  const { x, dy, inputs, attributes } = node;
  const scale = inputs[1]!;
  const width = scale.shape[0]!;
  const axis = intAttribute(attributes, 'axis', -1);
  const statistics = lazy(() => {
    if (node.outputs.length === 3) return node.outputs;
    return node.graph.emit('LayerNormalization', [x, scale], attributes, 3);
  });
  const inverseDeviation = lazy(() => statistics()[2]!);
  const centred = lazy(() => x.sub(statistics()[1]!));
  const isLast = (axis === -1 || axis === x.rank - 1) && scale.rank === 1;
  if (!isLast || typeof width !== 'number' || (width === 1 && x.shape.at(-1) !== 1))
    return overAxes(node, axis < 0 ? axis + x.rank : axis, centred, inverseDeviation);
  const product = lazy(() => dy.mul(centred()));
  return [
    () => {
      const weights = scale.reshape([width, 1]).mul(1 / width);
      const slope = product().matmul(weights).mul(inverseDeviation().square());
      return dy.mul(scale).sub(dy.matmul(weights)).sub(centred().mul(slope)).mul(inverseDeviation());
    },
    // Σ over rows of dy·c/σ: the row of all 1/σ times the matrix dy·c.
    () =>
      inverseDeviation()
        .reshape([1, -1])
        .matmul(product().reshape([-1, width]))
        .reshape([width]),
    () => sumTo(dy, inputs[2]!),
  ];
}

/** The same by the textbook, for several axes, sizes known only at run time, and scales that broadcast. */
function overAxes(
  { x, dy, inputs }: VjpNode,
  axis: number,
  centred: () => Value,
  inverseDeviation: () => Value,
): readonly Cotangent[] {
  const scale = inputs[1]!;
  const axes = x.shape.flatMap((_, i) => (i < axis ? [] : [i]));
  const normal = lazy(() => centred().mul(inverseDeviation()));
  return [
    () => {
      const g = dy.mul(scale);
      const slope = g.mul(normal()).mean(axes);
      return g.sub(g.mean(axes)).sub(normal().mul(slope)).mul(inverseDeviation());
    },
    () => sumTo(dy.mul(normal()), scale),
    () => sumTo(dy, inputs[2]!),
  ];
}

export const normalizationVjps = {
  Softmax: ({ y, dy, attributes }) => [() => y.mul(dy.sub(dy.mul(y).sum([intAttribute(attributes, 'axis', -1)])))],
  LogSoftmax: ({ y, dy, attributes }) => [() => dy.sub(y.exp().mul(dy.sum([intAttribute(attributes, 'axis', -1)])))],
  LayerNormalization: layerNormalization,
  Dropout: (node) => {
    if (node.optional(2) !== undefined) return node.missing('has no VJP rule in training mode; feed a mask instead');
    return [() => node.dy];
  },
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
