import { GraphError, type Value } from '@zooid/onnx';
import { constant, DEFAULT_STD, normal, zeros } from './initialise.js';
import type { Initializer, ModuleContext } from './module-context.js';

export interface LinearOptions {
  /** Whether there is a bias, or the value it starts from; default true, which starts from 0. */
  readonly bias?: boolean | number;
  /** Standard deviation of the initial weight; default 0.02. */
  readonly std?: number;
  /** How the weight starts; default: normal with `std`. */
  readonly initializer?: Initializer;
}

/**
 * `x Wᵀ + b`, with `weight` `[out, in]` and `bias` `[out]` stored as PyTorch stores them, then the context's linear views.
 *
 * @param x `[..., in]`; `in` must be known.
 * @returns `[..., out]`
 */
export function linear(context: ModuleContext, x: Value, out: number, options: LinearOptions = {}): Value {
  const initializer = options.initializer ?? normal(options.std ?? DEFAULT_STD);
  const weight = context.parameter('weight', [out, widthOf(x, 'linear')], initializer);
  // onnxruntime folds the transposition into the product (FusedMatMul), so storing [out, in] costs nothing.
  const product = x.matmul(weight.swapLastTwo());
  const bias = options.bias ?? true;
  const y =
    bias === false ? product : product.add(context.parameter('bias', [out], bias === true ? zeros : constant(bias)));
  return context.linearOutput(x, y);
}

/** Size of the last axis. @throws GraphError when it is symbolic, for a parameter's shape depends on it. */
export function widthOf(x: Value, module: string): number {
  const width = x.shape.at(-1);
  if (typeof width !== 'number') {
    throw new GraphError(`${module} needs a known last axis; '${x.name}' has shape [${x.shape.join(', ')}]`);
  }
  return width;
}
