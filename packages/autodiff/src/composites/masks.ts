import { GraphError, type Value } from '@zooid/onnx';
import { withGradient } from '../custom-gradient.js';

/**
 * 1 at the `keep` largest entries of `scores`, 0 elsewhere; the gradient passes straight through to the scores.
 *
 * The mask is scattered from the indices that `TopK` gives, since a comparison with the smallest kept value would keep
 * more entries than asked for where values are equal. Of equal entries the first in row-major order is kept.
 *
 * @param keep at least 1 and at most the number of entries; int64 `[]` or `[1]`, so that a schedule can move it.
 * @see Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons"
 */
export function topMaskSTE(scores: Value, keep: Value | number): Value {
  const { graph, dtype } = scores;
  const flat = scores.reshape([-1]);
  const k = typeof keep === 'number' ? graph.constant([keep], 'int64') : keep.reshape([1]);
  const kept = graph.emit('TopK', [flat, k], { axis: 0, largest: 1, sorted: 0 }, 2)[1]!;
  const zeros = graph.scalar(0, dtype).expandLike(flat);
  const marked = graph.emit('ScatterElements', [zeros, kept, graph.scalar(1, dtype).expandLike(kept)], { axis: 0 })[0]!;
  return straightThrough(marked.reshape(scores.shape), scores);
}

/** 1 where `scores` exceed the threshold, 0 elsewhere; the gradient passes straight through to the scores. */
export function thresholdMaskSTE(scores: Value, threshold: Value | number): Value {
  return straightThrough(scores.greater(threshold).cast(scores.dtype), scores);
}

export interface HardConcreteOptions {
  /** Temperature b; default 2/3. */
  readonly temperature?: number;
  /** The sigmoid is stretched to [left, right] before it is clamped to [0, 1]. Default −0.1 and 1.1. */
  readonly left?: number;
  readonly right?: number;
}

/**
 * A gate in [0, 1] that is exactly 0 or 1 with positive probability: `clamp(s·(r − l) + l, 0, 1)` with
 * `s = σ((ln u − ln(1 − u) + α)/b)`, or `s = σ(α)` at inference, when no noise is given. No gradient flows where the
 * gate is clamped.
 *
 * @param logAlpha α, any shape.
 * @param uniform u in (0, 1), shaped like α: drawn by the host, so that a step can be replayed.
 * @see Louizos et al. 2018, "Learning Sparse Neural Networks through L0 Regularization"
 */
export function hardConcrete(logAlpha: Value, uniform?: Value, options: HardConcreteOptions = {}): Value {
  const { temperature = 2 / 3, left = -0.1, right = 1.1 } = checked(options);
  const { graph, dtype } = logAlpha;
  const noisy =
    uniform === undefined
      ? logAlpha
      : uniform.log().sub(graph.scalar(1, dtype).sub(uniform).log()).add(logAlpha).div(temperature);
  const stretched = noisy
    .sigmoid()
    .mul(right - left)
    .add(left);
  return graph.emit('Clip', [stretched, graph.scalar(0, dtype), graph.scalar(1, dtype)])[0]!;
}

/** The probability that a hard concrete gate is not 0: `σ(α − b·ln(−l/r))`; its mean is the expected share of open gates. */
export function hardConcreteOpen(logAlpha: Value, options: HardConcreteOptions = {}): Value {
  const { temperature = 2 / 3, left = -0.1, right = 1.1 } = checked(options);
  return logAlpha.sub(temperature * Math.log(-left / right)).sigmoid();
}

function checked(options: HardConcreteOptions): HardConcreteOptions {
  const { temperature = 2 / 3, left = -0.1, right = 1.1 } = options;
  if (!(temperature > 0 && left < 0 && right > 1))
    throw new GraphError(
      `A hard concrete gate needs a temperature above 0, left below 0 and right above 1; got ${temperature}, ${left}, ${right}`,
    );
  return options;
}

function straightThrough(value: Value, source: Value): Value {
  return withGradient(value, { inputs: [source], vjp: (dy) => [dy] });
}
