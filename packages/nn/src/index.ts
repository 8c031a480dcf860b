export {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyPerExample,
  type ElementwiseLossOptions,
  maskedMean,
  meanSquaredError,
  softCrossEntropy,
} from '@zooid/autodiff';
export { type Activation, activations } from './activation.js';
export {
  attentionHeads,
  type MultiHeadAttentionOptions,
  multiHeadAttention,
  type ScaledDotProductOptions,
  scaledDotProductAttention,
} from './attention.js';
export { type EncoderConfig, parseEncoderConfig } from './bert/config.js';
export { bertEncoder, type EncoderOutput, firstToken } from './bert/encoder.js';
export type { EmbedMix, EncoderHooks, EncoderInputs, LayerEnvironment, LayerModule } from './bert/hooks.js';
export { bertLayer, emitBertLayer } from './bert/layer.js';
export { type EncoderPreset, encoderPresets } from './bert/presets.js';
export { embedding } from './embedding.js';
export { type FeedForwardOptions, feedForward } from './feed-forward.js';
export { type BatchInput, type DropoutInput, GraphBuilder, type GraphBuilderOptions } from './graph-builder.js';
export { maskedLanguageModelHead } from './heads/masked-language-model.js';
export { classificationHead, type HeadOptions } from './heads.js';
export { constant, DEFAULT_STD, initialise, normal, ones, zeros } from './initialise.js';
export { layerNorm } from './layer-norm.js';
export { type LinearOptions, linear } from './linear.js';
export { MASKED_SCORE, paddingBias } from './masking.js';
export type { DeclaredParameter, Initializer, ModuleContext, ParameterView } from './module-context.js';
