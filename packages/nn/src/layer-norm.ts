import type { Value } from '@zooid/onnx';
import { ones, zeros } from './initialise.js';
import { widthOf } from './linear.js';
import type { ModuleContext } from './module-context.js';

/** Layer normalisation over the last axis, with `weight` and `bias` `[width]`. */
export function layerNorm(context: ModuleContext, x: Value, epsilon = 1e-12): Value {
  const width = widthOf(x, 'layerNorm');
  return x.layerNormalization(
    context.parameter('weight', [width], ones),
    context.parameter('bias', [width], zeros),
    epsilon,
  );
}
