export { QueueFullError, SessionError } from './errors.js';
export {
  createInferencePool,
  type InferencePool,
  type InferencePoolOptions,
  type RunOptions,
} from './inference/inference-pool.js';
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
