import type { Value } from '@zooid/onnx';

/**
 * `dy · (Φ(x) + x φ(x))`, the derivative of the exact GELU.
 *
 * Every operator here is a pass over the widest activations of a transformer, so the formula is arranged for few of
 * them: with t = x/√2, φ(x) = exp(ln(1/√2π) − t²) takes the normalising constant into the exponent, and
 * Φ(x) = clamp(½·erf(t) + ½) is one HardSigmoid.
 */
export function geluGradient(dy: Value, x: Value): Value {
  const { graph, dtype } = x;
  const t = x.mul(Math.SQRT1_2);
  const density = graph
    .scalar(-0.5 * Math.log(2 * Math.PI), dtype)
    .sub(t.square())
    .exp();
  const cumulative = graph.emit('HardSigmoid', [t.erf()], { alpha: 0.5, beta: 0.5 })[0]!;
  return dy.mul(cumulative.add(x.mul(density)));
}
