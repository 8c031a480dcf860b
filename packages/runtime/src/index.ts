export { QueueFullError, RunTimeoutError, SessionError } from './errors.js';
export {
  createInferencePool,
  type InferencePool,
  type InferencePoolOptions,
  poolSize,
  type RunOptions,
} from './inference/inference-pool.js';
export type { PoolEvent, PoolStats, WorkerStats } from './inference/pool-events.js';
export type { SharedWeightsOptions } from './inference/shared-weights/share-weights.js';
export { onnxruntimeVersion, type ValueInfo } from './ort.js';
export { runModel } from './run-model.js';
export { createTrainingSession } from './training/training-session.js';
export type {
  GradientSource,
  ParameterDeclaration,
  ProgramChain,
  ProgramRun,
  RandomInput,
  StepRequest,
  StepResult,
  TrainingProgram,
  TrainingSession,
  TrainingSessionOptions,
  TrainingState,
} from './training-program.js';
export type { Isolation } from './workers/worker-channel.js';
