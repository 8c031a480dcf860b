import type { OptimizerOptions } from './options.js';

/**
 * Everything one AdamW update multiplies with, computed in float64 once per tensor and rounded to float32:
 *
 *     g ← gradientScale · g
 *     m ← β₁ m + (1 − β₁) g
 *     v ← β₂ v + (1 − β₂) g²
 *     p ← decay · p − stepSize · m / (inverseRootCorrection · √v + ε)
 *
 * with decay = 1 − lr · weightDecay, stepSize = lr / (1 − β₁ᵗ), inverseRootCorrection = 1 / √(1 − β₂ᵗ). This is
 * Algorithm 2 of Loshchilov & Hutter 2019 with the bias corrections moved into scalars, as PyTorch does.
 */
export interface AdamWCoefficients {
  readonly gradientScale: number;
  readonly beta1: number;
  readonly oneMinusBeta1: number;
  readonly beta2: number;
  readonly oneMinusBeta2: number;
  readonly decay: number;
  readonly stepSize: number;
  readonly inverseRootCorrection: number;
  readonly epsilon: number;
}

/** Options with the defaults filled in. */
export function resolveOptimizer(options: OptimizerOptions): Required<OptimizerOptions> {
  const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  if (!(beta1 >= 0 && beta1 < 1)) throw new RangeError(`Expected beta1 in [0, 1), got ${beta1}`);
  if (!(beta2 >= 0 && beta2 < 1)) throw new RangeError(`Expected beta2 in [0, 1), got ${beta2}`);
  if (!(epsilon > 0)) throw new RangeError(`Expected a positive epsilon, got ${epsilon}`);
  if (!(weightDecay >= 0)) throw new RangeError(`Expected a weight decay of 0 or more, got ${weightDecay}`);
  return { kind, beta1, beta2, epsilon, weightDecay };
}

export interface AdamWStep {
  readonly learningRate: number;
  /** Updates of this tensor including this one: 1 for the first. */
  readonly update: number;
  /** Factor on the gradient, for clipping and averaging. Default 1. */
  readonly gradientScale?: number;
  /** Whether weight decay applies to this tensor; see `hasWeightDecay`. */
  readonly decays: boolean;
}

export function adamwCoefficients(optimizer: Required<OptimizerOptions>, step: AdamWStep): AdamWCoefficients {
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const { learningRate, update, gradientScale = 1, decays } = step;
  return {
    gradientScale: Math.fround(gradientScale),
    beta1: Math.fround(beta1),
    oneMinusBeta1: Math.fround(1 - beta1),
    beta2: Math.fround(beta2),
    oneMinusBeta2: Math.fround(1 - beta2),
    decay: Math.fround(decays ? 1 - learningRate * weightDecay : 1),
    stepSize: Math.fround(learningRate / (1 - beta1 ** update)),
    inverseRootCorrection: Math.fround(1 / Math.sqrt(1 - beta2 ** update)),
    epsilon: Math.fround(epsilon),
  };
}
