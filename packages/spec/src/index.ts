export { App, type AppInstance, type Collection, type CollectionEntry, type OpenContext, type TextItem } from './app.js';
export {
  type Model,
  type ModelArtifacts,
  ModelBackend,
  Models,
  ModelStore,
  type ModelSummary,
  type RunContext,
} from './model.js';
export { contractVersion, definePlugin, type DtoClass, type Plugin } from './plugin.js';
export {
  DatasetFormat,
  type DataLine,
  type DataSplit,
  Method,
  type Metrics,
  type ProgressEvent,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
} from './training.js';
