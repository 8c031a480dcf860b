import type { Value } from '@zooid/onnx';
import { type Activation, activations } from './activation.js';
import { linear, widthOf } from './linear.js';
import type { ModuleContext } from './module-context.js';

export interface FeedForwardOptions {
  /** Width between the two layers. */
  readonly inner: number;
  /** Default `gelu`. */
  readonly activation?: Activation;
  /** Width of the result; default: the input's. */
  readonly out?: number;
  /** Dropout rate after the activation; default 0. */
  readonly dropout?: number;
}

/** Two linear layers, `intermediate` and `output`, with a non-linearity between. `[..., in]` → `[..., out]`. */
export function feedForward(context: ModuleContext, x: Value, options: FeedForwardOptions): Value {
  const inner = activations[options.activation ?? 'gelu'](linear(context.child('intermediate'), x, options.inner));
  const dropped = context.dropout(inner, options.dropout ?? 0);
  return linear(context.child('output'), dropped, options.out ?? widthOf(x, 'feedForward'));
}
