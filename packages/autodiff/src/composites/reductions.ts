import type { Value } from '@zooid/onnx';
import { stopGradient, withGradient } from '../custom-gradient.js';
import { sumTo } from '../sum-to.js';

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

/** What stands for an entry that is masked out: finite, so that an empty row is not NaN. */
const MASKED = -1e9;

/**
 * `log Σ exp(x)` along `axis` over the entries whose mask is 1; about −10⁹ where there is none. The gradient is softmax on
 * the entries that are kept and 0 elsewhere.
 *
 * @param mask float, 1 = counts, 0 = ignored; broadcasts to `x`.
 */
export function lseMasked(x: Value, mask: Value, axis = -1, keepDims = false): Value {
  const kept = mask.greater(0.5);
  const filled = kept.where(x, x.graph.scalar(MASKED, x.dtype));
  const result = logSumExp(filled, axis, true);
  withGradient(result, {
    inputs: [x],
    vjp: (dy) => [sumTo(kept.where(dy.mul(filled.sub(result).exp()), x.graph.scalar(0, x.dtype)), x)],
  });
  return keepDims ? result : result.squeeze([axis]);
}

/** The mean over all axes but the first: `[batch]`. */
export function perExampleMean(x: Value): Value {
  return x.rank === 1
    ? x
    : x.mean(
        x.shape.slice(1).map((_, i) => i + 1),
        false,
      );
}
