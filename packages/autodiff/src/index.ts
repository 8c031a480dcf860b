export { geluTanh, layerNorm, plainGelu } from './composites/activations.js';
export {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyPerExample,
  type ElementwiseLossOptions,
  meanSquaredError,
  softCrossEntropy,
} from './composites/losses.js';
export { l2normalize, logSumExp, maskedMean } from './composites/reductions.js';
export { type CustomGradient, stopGradient, withGradient } from './custom-gradient.js';
export { MissingGradientError } from './errors.js';
export { type Gradient, type GradOptions, grad, type RowGradient } from './grad.js';
export { sumTo } from './sum-to.js';
export { isDifferentiable } from './vjp/index.js';
