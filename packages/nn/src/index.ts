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
export { convolution } from './convolution.js';
export { embedding } from './embedding.js';
export type { EncoderConfig } from './encoder/config.js';
export { type EncoderOutput, firstToken, poolFirstToken } from './encoder/encoder.js';
export { defineFamily, type EncoderFamily } from './encoder/family.js';
export type { EmbedMix, EncoderHooks, EncoderInputs, LayerEnvironment, LayerModule } from './encoder/hooks.js';
export { bertEncoder, parseEncoderConfig } from './families/bert.js';
export { bertLayer, emitBertLayer } from './families/bert-layer.js';
export { type EncoderPreset, encoderPresets } from './families/bert-presets.js';
export { encoderFamilies, encoderFamily } from './families/registry.js';
export { type FeedForwardOptions, feedForward } from './feed-forward.js';
export { type Gpt2Config, parseGpt2Config } from './gpt2/config.js';
export { type DecoderInputs, type DecoderOutput, gpt2Decoder } from './gpt2/decoder.js';
export { type BatchInput, type DropoutInput, GraphBuilder, type GraphBuilderOptions } from './graph-builder.js';
export { causalLanguageModelHead } from './heads/causal-language-model.js';
export { classificationHead, type HeadOptions } from './heads/classification.js';
export { discriminatorHead } from './heads/discriminator.js';
export { maskedLanguageModelHead } from './heads/masked-language-model.js';
export { sequenceClassificationHead } from './heads/sequence-classification.js';
export { tokenClassificationHead } from './heads/token-classification.js';
export { type VocabularyScoresOptions, vocabularyScores } from './heads/vocabulary-scores.js';
export { constant, DEFAULT_STD, initialise, normal, ones, truncatedNormal, uniform, zeros } from './initialise.js';
export { layerNorm } from './layer-norm.js';
export { type LinearOptions, linear } from './linear.js';
export { type LstmOptions, lstm } from './lstm.js';
export { causalBias, MASKED_SCORE, paddingBias } from './masking.js';
export type {
  DeclaredParameter,
  Initializer,
  LinearLayer,
  LinearView,
  ModuleContext,
  ParameterView,
} from './module-context.js';
export { bottleneckAdapter } from './peft/adapter.js';
export { type LoraLayer, type LoraOptions, lora, loraParameters } from './peft/lora.js';
export { type LoraAdapter, type LoraNamesOptions, type LoraUpdate, loraNames } from './peft/lora-names.js';
export { type MergeLoraOptions, mergeLora } from './peft/merge-lora.js';
export { type AttentionPrefix, type PrefixSource, prefixPath } from './peft/prefix.js';
export { foldPrefixNetwork, type PrefixNetworkOptions, prefixNetwork } from './peft/prefix-network.js';
export {
  type CheckpointMatch,
  type CheckpointNames,
  checkpointIssues,
  matchCheckpoint,
} from './pretrained/match-checkpoint.js';
export { isPretrainedModel, type PretrainedModel, pretrainedModel } from './pretrained/pretrained-model.js';
