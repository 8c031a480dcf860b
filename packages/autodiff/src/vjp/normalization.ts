import { floatAttribute, intAttribute, type Op } from '@zooid/onnx';
import { sumTo } from '../sum-to.js';
import { lazy } from './lazy.js';
import type { Cotangent, VjpNode, VjpRule } from './rule.js';

/**
 * y = x̂·γ + β with x̂ = (x − μ)/σ. With g = dy·γ,
 * dx = (g − mean(g) − x̂·mean(g·x̂)) / σ, dγ = Σ dy·x̂, dβ = Σ dy.
 */
function layerNormalization(node: VjpNode): readonly Cotangent[] {
  const { x, dy, inputs, outputs, attributes } = node;
  const scale = inputs[1]!;
  const axis = intAttribute(attributes, 'axis', -1);
  const axes = x.shape.slice(axis).map((_, i) => (axis < 0 ? axis + x.rank : axis) + i);
  const epsilon = floatAttribute(attributes, 'epsilon', 1e-5);
  const statistics = lazy(() =>
    outputs.length === 3
      ? outputs
      : node.graph.emit('LayerNormalization', [x, scale], { axis, epsilon: { float: epsilon } }, 3),
  );
  const normalized = lazy(() => x.sub(statistics()[1]!).mul(statistics()[2]!));
  return [
    () => {
      const g = dy.mul(scale);
      const projected = normalized().mul(g.mul(normalized()).mean(axes));
      return g.sub(g.mean(axes)).sub(projected).mul(statistics()[2]!);
    },
    () => sumTo(dy.mul(normalized()), scale.shape),
    () => sumTo(dy, inputs[2]!.shape),
  ];
}

export const normalizationVjps = {
  Softmax: ({ y, dy, attributes }) => [
    () => y.mul(dy.sub(dy.mul(y).sum([intAttribute(attributes, 'axis', -1)]))),
  ],
  LogSoftmax: ({ y, dy, attributes }) => [
    () => dy.sub(y.exp().mul(dy.sum([intAttribute(attributes, 'axis', -1)]))),
  ],
  LayerNormalization: layerNormalization,
  Dropout: (node) => {
    if (node.optional(2) !== undefined) return node.missing('has no VJP rule in training mode; feed a mask instead');
    return [() => node.dy];
  },
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
