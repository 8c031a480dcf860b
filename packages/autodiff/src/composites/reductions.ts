import type { Value } from '@zooid/onnx';
import { stopGradient, withGradient } from '../custom-gradient.js';

/**
 * `log Σ exp(x)` along `axis`, without overflow; a row of −∞ gives a very negative number rather than NaN.
 * Its gradient is the softmax, taken from the result instead of from the steps.
 */
export function logSumExp(x: Value, axis = -1, keepDims = false): Value {
  const peak = stopGradient(x.max([axis]).maximum(-3e38));
  const result = x.sub(peak).exp().sum([axis]).maximum(1e-38).log().add(peak);
  withGradient(result, { inputs: [x], vjp: (dy) => [dy.mul(x.sub(result).exp())] });
  return keepDims ? result : result.squeeze([axis]);
}

/** `x / max(‖x‖₂, ε)` along `axis`; a zero vector stays zero, with gradient zero. */
export function l2normalize(x: Value, axis = -1, epsilon = 1e-12): Value {
  return x.div(
    x
      .square()
      .sum([axis])
      .maximum(epsilon ** 2)
      .sqrt(),
  );
}

/**
 * `Σ x·mask / max(Σ mask, 1)` over `axes`: the mean of what is selected, 0 when nothing is.
 *
 * @param mask float, 1 = counts, 0 = ignored; broadcasts to `x` (`[batch, sequence, 1]` against `[batch, sequence, hidden]`).
 */
export function maskedMean(x: Value, mask: Value, axes: readonly number[], keepDims = false): Value {
  const positive = axes.map((axis) => (axis < 0 ? axis + x.rank : axis));
  return x.mul(mask).sum(positive, keepDims).div(mask.sum(positive, keepDims).maximum(1));
}
