import type { OpRule } from './rule.js';

export type NormalizationOp = 'Softmax' | 'LogSoftmax' | 'LayerNormalization' | 'Dropout';

const alongAxis: OpRule = (node) => {
  const { dtype, shape } = node.input(0);
  node.axis(shape.length, -1);
  return [{ dtype, shape }];
};

export const normalizationRules: { readonly [P in NormalizationOp]: OpRule } = {
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
  LayerNormalization: (node) => {
    const { dtype, shape } = node.input(0);
    const axis = node.axis(shape.length, -1);
    const normalized = shape.slice(axis);
    for (const i of [1, 2]) {
      const parameter = node.optional(i);
      if (parameter !== undefined && node.broadcast(shape, parameter.shape).length !== shape.length)
        node.fail(normalized, parameter.shape);
    }
    const statistics = shape.map((dim, i) => (i < axis ? dim : 1));
    return [
      { dtype, shape },
      { dtype, shape: statistics },
      { dtype, shape: statistics },
    ];
  },
  Dropout: (node) => {
    const { dtype, shape } = node.input(0);
    return [
      { dtype, shape },
      { dtype: 'bool', shape },
    ];
  },
};
