export { syncFolder, writeFileAtomically } from './atomic-file.js';
export {
  type CachedRevision,
  type ContentFinding,
  listCache,
  type VerifyOptions,
  verifyCache,
  verifyRepo,
} from './client/cache-check.js';
export { CachedRepo, type SnapshotFile, snapshotFiles } from './client/cache-layout.js';
export { type PruneOptions, pruneCache, type Removal } from './client/cache-prune.js';
export {
  HubAccessError,
  HubError,
  type HubErrorDetails,
  HubGatedError,
  HubIntegrityError,
  HubListingError,
  HubNotFoundError,
  HubOfflineError,
  HubRateLimitError,
  HubStorageError,
  HubUnavailableError,
} from './client/errors.js';
export { HubClient } from './client/hub-client.js';
export { acquireLock, type Lock, type LockOptions } from './client/lock.js';
export type { SnapshotRequest } from './client/open-snapshot.js';
export type { Snapshot } from './client/pull.js';
export type { PushedSnapshot, PushRequest } from './client/push.js';
export { type HubReference, isCommit, parseHubReference } from './client/reference.js';
export type { RetryPolicy } from './client/retry.js';
export type { FilePatterns } from './client/select-files.js';
export { type HubSettings, hubSettings, hubVariables } from './client/settings.js';
export type { TransportOptions } from './client/transport.js';
export { CheckpointError, IntegrityError, ModelFolderError } from './errors.js';
export { cardFile, isSafeRelativePath, isWeightsFile, revisionOf, runFolder } from './model-folder/file-list.js';
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
  type VariantEntry,
} from './model-folder/manifest.js';
export { type CardSection, type ModelCardFields, modelCard, withCardSection } from './model-folder/model-card.js';
export {
  type ModelFolder,
  type ReadModelFolderOptions,
  readManifest,
  readModelFolder,
} from './model-folder/read-model-folder.js';
export { isSharedFolder } from './model-folder/shared-folder.js';
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
  modelWeightsFiles,
  type OpenModelWeights,
  type OpenModelWeightsOptions,
  openModelWeights,
  type ReadModelWeightsOptions,
  readModelWeights,
} from './weights/model-weights.js';
export { openWeightsFile } from './weights/open-weights-file.js';
export { assertVocabularyFits, type VocabularySizes } from './weights/vocabulary.js';
export type { StoredTensor, WeightsFile, WeightsFormat } from './weights/weights-file.js';
