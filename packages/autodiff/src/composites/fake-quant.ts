import type { Value } from '@zooid/onnx';
import { withGradient } from '../custom-gradient.js';

export interface FakeQuantOptions {
  /** The integer range; default −128 to 127. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * `x` as it will be after quantization: `S·(clamp(round(x/S) + Z, min, max) − Z)`, halves rounded to even as
 * `QuantizeLinear` does. The gradient passes where the integer is inside its range and is 0 outside; scale and zero
 * point get none.
 *
 * @param scale float, above 0; broadcasts to `x` (`[]`, or `[out, 1]` for one per output of `[out, in]`).
 * @param zeroPoint float with whole values, shaped like `scale`.
 * @see Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
 */
export function fakeQuant(
  x: Value,
  scale: Value,
  zeroPoint: Value,
  { min = -128, max = 127 }: FakeQuantOptions = {},
): Value {
  const { graph, dtype } = x;
  const whole = graph.emit('Round', [x.div(scale)])[0]!.add(zeroPoint);
  const clamped = graph.emit('Clip', [whole, graph.scalar(min, dtype), graph.scalar(max, dtype)])[0]!;
  return withGradient(clamped.sub(zeroPoint).mul(scale), {
    inputs: [x],
    vjp: (dy) => [whole.equal(clamped).where(dy, graph.scalar(0, dtype))],
  });
}
