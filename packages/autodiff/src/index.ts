export { geluTanh, layerNorm, plainGelu } from './composites/activations.js';
export { type FakeQuantOptions, fakeQuant } from './composites/fake-quant.js';
export {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyPerExample,
  type ElementwiseLossOptions,
  meanSquaredError,
  softCrossEntropy,
} from './composites/losses.js';
export {
  type HardConcreteOptions,
  hardConcrete,
  hardConcreteOpen,
  thresholdMaskSTE,
  topMaskSTE,
} from './composites/masks.js';
export { l2normalize, logSumExp, lseMasked, maskedMean, perExampleMean } from './composites/reductions.js';
export { gatherRows, scatterRows } from './composites/rows.js';
export { type CustomGradient, hasOwnGradient, stopGradient, withGradient } from './custom-gradient.js';
export { MissingGradientError } from './errors.js';
export { type Gradient, type GradOptions, grad, influencedBy, type RowGradient } from './grad.js';
export { sumTo } from './sum-to.js';
export { isDifferentiable } from './vjp/index.js';
