import { GraphError, type Value } from '@zooid/onnx';
import { constant, DEFAULT_STD, normal, zeros } from './initialise.js';
import type { ModuleContext } from './module-context.js';

export interface LinearOptions {
  /** Whether there is a bias, or the value it starts from; default true, which starts from 0. */
  readonly bias?: boolean | number;
  /** Standard deviation of the initial weight; default 0.02. */
  readonly std?: number;
}

/**
 * `x Wᵀ + b`, with `weight` `[out, in]` and `bias` `[out]` stored as PyTorch stores them.
 *
 * @param x `[..., in]`; `in` must be known.
 * @returns `[..., out]`
 */
export function linear(context: ModuleContext, x: Value, out: number, options: LinearOptions = {}): Value {
  const weight = context.parameter('weight', [out, widthOf(x, 'linear')], normal(options.std ?? DEFAULT_STD));
  // onnxruntime folds the transposition into the product (FusedMatMul), so storing [out, in] costs nothing.
  const y = x.matmul(weight.swapLastTwo());
  const bias = options.bias ?? true;
  if (bias === false) return y;
  return y.add(context.parameter('bias', [out], bias === true ? zeros : constant(bias)));
}

/** Size of the last axis. @throws GraphError when it is symbolic, for a parameter's shape depends on it. */
export function widthOf(x: Value, module: string): number {
  const width = x.shape.at(-1);
  if (typeof width !== 'number') {
    throw new GraphError(`${module} needs a known last axis; '${x.name}' has shape [${x.shape.join(', ')}]`);
  }
  return width;
}
