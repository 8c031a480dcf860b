export {
  type CompiledProgram,
  type CompileOptions,
  compileInference,
  compileProgram,
  type InferenceOptions,
} from './compile-program.js';
export type { RunConfig } from './config-digest.js';
export { type CollatedBatch, type DatasetSourceOptions, datasetSource } from './dataset-source.js';
export {
  type ConfigDifference,
  DivergenceError,
  ResumeMismatchError,
  RunFolderError,
  TrainingError,
} from './errors.js';
export { type EvaluationOptions, type EvaluationResult, evaluateTask, type Forward } from './evaluation.js';
export { type IntervalOptions, metricIntervals } from './metric-intervals.js';
export type { BuiltModel, ModelBuilder } from './model-builder.js';
export { DEFAULT_GROUP, declareParameters, mergeDeclared, type ParameterOptions } from './parameters.js';
export type { MicroBatch, ProgramSource, SourceState, StepPlan } from './program-source.js';
export { describeMachine, type Machine, type RunRecord } from './run-record.js';
export type { SelectOptions } from './selection.js';
export { type EncoderBuilder, taskModel } from './task-model.js';
export { train } from './train.js';
export type { CheckpointOptions, TrainEvaluation, TrainOptions, TrainResult } from './train-options.js';
export {
  type CollateContext,
  type Features,
  type ParameterGroup,
  type PrepareContext,
  type PreparedTask,
  TrainingTask,
} from './training-task.js';
