export { assertBaseVocabulary } from './base-vocabulary.js';
export { type BaseWeights, type BaseWeightsOptions, isEncoderTensor, readBaseWeights } from './base-weights.js';
export { cardOf, manifestOf } from './describe-model.js';
export { findExportedGraph, hasWeightsFile } from './imported/exported-graph.js';
export { type ImportedModel, type ImportModelOptions, importModel } from './imported/imported-model.js';
export { graphFiles, type Precision, precisions, storedGraph, storedWeights } from './stored-weights.js';
