import type { Value } from '@zooid/onnx';
import { truncatedNormal } from '../initialise.js';
import { linear, widthOf } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

/** So small that a new adapter passes everything on. */
const std = 1e-3;

/**
 * Bottleneck adapter: `x + W_up gelu(W_down x + b₁) + b₂`, with the linear layers `down` and `up`.
 *
 * @param x `[..., width]`
 * @param size of the bottleneck
 * @returns the same shape
 * @see Houlsby et al. 2019, "Parameter-Efficient Transfer Learning for NLP", §2.1
 */
export function bottleneckAdapter(context: ModuleContext, x: Value, size: number): Value {
  const initializer = truncatedNormal(std);
  const inner = linear(context.child('down'), x, size, { initializer }).gelu();
  return x.add(linear(context.child('up'), inner, widthOf(x, 'adapter'), { initializer }));
}
