export { App, type AppInstance, type Collection, type CollectionEntry, type Evaluation, type OpenContext } from './app.js';
export * from './decorators.js';
export { type DtoClass, IsWellFormed, loneSurrogateIndex, NoParameters, TextItem } from './dto.js';
export {
  ClosedError,
  DatasetError,
  DatasetNotFoundError,
  DuplicateNameError,
  LimitError,
  ModelError,
  ModelInUseError,
  ModelNotFoundError,
  ModelUnloadedError,
  PluginError,
  UnknownNameError,
} from './errors.js';
export { Logger } from './logger.js';
export {
  type Model,
  type ModelArtifacts,
  ModelBackend,
  Models,
  ModelStore,
  type ModelSummary,
  type RunContext,
} from './model.js';
export { didYouMean, editDistance, nearest } from './nearest.js';
export { nestedClass } from './nested-class.js';
export { contractVersion, definePlugin, type Plugin } from './plugin.js';
export { type TaskId, taskIds } from './task-id.js';
export {
  DatasetFormat,
  type DataLine,
  type DataSplit,
  Method,
  type Metrics,
  type ProgressEvent,
  RecipeOptions,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
} from './training.js';
export { checkDto, declaredKeys, pointer, toPlain, validateDto, type ValidateDtoOptions } from './validate-dto.js';
