export { Batcher, type BatcherOptions, type SubmitOptions } from './batcher.js';
export { AnswerCountError, BatchQueueFullError } from './errors.js';
export type { Batching, BatchObservation, BatchSettings } from './settings.js';
