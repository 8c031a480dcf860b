import type { Value } from '@zooid/onnx';

/** Exact GELU in standard operators, for runtimes without com.microsoft `Gelu`: `x/2 · (1 + erf(x/√2))`. */
export function plainGelu(x: Value): Value {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/**
 * The tanh approximation of GELU, Hugging Face's `gelu_new`: `x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))`.
 * @see Hendrycks & Gimpel 2016, "Gaussian Error Linear Units"
 */
export function geluTanh(x: Value): Value {
  const inner = x.add(x.mul(x.square()).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

/** Layer normalisation over the last axis, then scale and shift. @see Ba et al. 2016 */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value {
  return x.layerNormalization(scale, bias, epsilon);
}
