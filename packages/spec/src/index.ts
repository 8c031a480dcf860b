// What contracts speak of, so that a plugin needs no other package to keep them.
export type { Batching, BatchObservation, BatchSettings } from '@zooid/batcher';
export {
  AbortError,
  type Issue,
  type Metrics,
  type TrainEvent,
  type TransferEvent,
  ValidationError,
  ZooidError,
} from '@zooid/common';
export type { HostTensor, TensorMap } from '@zooid/tensor';
export {
  type AnswerContext,
  App,
  type AppInstance,
  type Collection,
  type CollectionEntry,
  type OpenContext,
} from './app.js';
export {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayNotEmpty,
  ArrayUnique,
  type ContainerModuleLoadOptions,
  Equals,
  Exclude,
  Expose,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  inject,
  injectable,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  multiInject,
  NotEquals,
  optional,
  postConstruct,
  preDestroy,
  registerDecorator,
  type ServiceIdentifier,
  Transform,
  Type,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
  type ValidationOptions,
} from './decorators.js';
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
export type {
  Evaluation,
  EvaluationCase,
  LabelledSpan,
  LabelsCase,
  Segment,
  SegmentsCase,
  SpansCase,
} from './evaluation.js';
export { type GraphRunner, graphModel } from './graph-model.js';
export { HostEnvironment } from './host-environment.js';
export { HubTask } from './hub-task.js';
export { Logger } from './logger.js';
export {
  type LoadContext,
  type Model,
  type ModelArtifacts,
  ModelBackend,
  type ModelStats,
  ModelStore,
  type ModelSummary,
  Models,
  type RunContext,
  type TensorInfo,
} from './model.js';
export type {
  CachedModel,
  CacheFinding,
  CacheRemoval,
  ModelCache,
  PulledModel,
  PullOptions,
  PushedModel,
  PushOptions,
  TransferOptions,
} from './model-transfer.js';
export type {
  FoundVariants,
  VariantEvaluation,
  VariantReport,
  VariantRequest,
  VariantTolerance,
} from './model-variants.js';
export { didYouMean, editDistance, nearest } from './nearest.js';
export { nestedClass } from './nested-class.js';
export { contractVersion, definePlugin, type Plugin } from './plugin.js';
export { refuseUnlisted } from './refuse-unlisted.js';
export { reportTokens } from './report-tokens.js';
export { type TaskId, taskIds } from './task-id.js';
export type { ClassifiedToken, LabelScore, MaskedToken, TaskShapes, TextPair, TokenEntity } from './task-shapes.js';
export {
  type DataLine,
  type DataSplit,
  DatasetFormat,
  Method,
  type ProgressEvent,
  RecipeOptions,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
} from './training.js';
export { checkDto, declaredKeys, pointer, toPlain, type ValidateDtoOptions, validateDto } from './validate-dto.js';
export { withOverrides } from './with-overrides.js';
