export { syncFolder, writeFileAtomically } from './atomic-file.js';
export { CheckpointError, IntegrityError, ModelFolderError } from './errors.js';
export { isSafeRelativePath, isWeightsFile, revisionOf, runFolder } from './model-folder/file-list.js';
export { folderFingerprint, isModelFolder, modelFolderBytes } from './model-folder/fingerprint.js';
export { type GoldenCase, goldenDifference, goldenFile, parseGolden } from './model-folder/golden.js';
export {
  type DataEntry,
  type FileEntry,
  type ManifestFields,
  type MetricEntry,
  type ModelManifest,
  manifestFile,
  manifestFormat,
} from './model-folder/manifest.js';
export { type CardSection, type ModelCardFields, modelCard } from './model-folder/model-card.js';
export {
  type ModelFolder,
  type ReadModelFolderOptions,
  readManifest,
  readModelFolder,
} from './model-folder/read-model-folder.js';
export { validateManifest } from './model-folder/validate-manifest.js';
export {
  type FileContent,
  type ModelFolderContent,
  recoverModelFolder,
  resealModelFolder,
  weightsFile,
  writeModelFolder,
} from './model-folder/write-model-folder.js';
export { assertFinite } from './safetensors/assert-finite.js';
export { type Checkpoint, type CheckpointMetadata, decodeSafetensors, encodeSafetensors } from './safetensors/codec.js';
export { type ReadSafetensorsOptions, readSafetensors, writeSafetensors } from './safetensors/file.js';
export { sha256, sha256File } from './sha256.js';
export { asFloat32, isFloating } from './weights/as-float32.js';
export { resolveInside } from './weights/inside-folder.js';
export {
  type ModelWeights,
  type OpenModelWeights,
  type OpenModelWeightsOptions,
  openModelWeights,
  type ReadModelWeightsOptions,
  readModelWeights,
} from './weights/model-weights.js';
export { openWeightsFile } from './weights/open-weights-file.js';
export type { StoredTensor, WeightsFile, WeightsFormat } from './weights/weights-file.js';
