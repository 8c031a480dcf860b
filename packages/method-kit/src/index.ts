export { assertBaseVocabulary } from './base-vocabulary.js';
export { type BaseWeights, type BaseWeightsOptions, isEncoderTensor, readBaseWeights } from './base-weights.js';
export { cardOf, manifestOf } from './describe-model.js';
