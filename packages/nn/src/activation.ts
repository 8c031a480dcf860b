import type { Value } from '@zooid/onnx';

/** Elementwise non-linearities by their names in `config.json` (`hidden_act`). */
export const activations = {
  /** Exact: `x Φ(x)`. */
  gelu: (x) => x.gelu(),
  /** Tanh approximation of GELU. */
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: (x) => x.relu(),
  silu: (x) => x.mul(x.sigmoid()),
  tanh: (x) => x.tanh(),
} satisfies Readonly<Record<string, (x: Value) => Value>>;

export type Activation = keyof typeof activations;

/** `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))` (Hendrycks & Gimpel 2016, §2). */
function geluTanh(x: Value): Value {
  const inner = x.add(x.square().mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(inner.tanh().add(1)).mul(0.5);
}
