import { geluTanh } from '@zooid/autodiff';
import type { Value } from '@zooid/onnx';

/** Elementwise non-linearities by their names in `config.json` (`hidden_act`). */
export const activations = {
  /** Exact: `x Φ(x)`. */
  gelu: (x) => x.gelu(),
  gelu_python: (x) => x.gelu(),
  /** Tanh approximation of GELU. */
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_fast: geluTanh,
  relu: (x) => x.relu(),
  silu: (x) => x.mul(x.sigmoid()),
  swish: (x) => x.mul(x.sigmoid()),
  tanh: (x) => x.tanh(),
} satisfies Readonly<Record<string, (x: Value) => Value>>;

export type Activation = keyof typeof activations;
