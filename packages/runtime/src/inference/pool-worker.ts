import type { TensorMap } from '@zooid/tensor';
import type { ValueInfo } from '../ort.js';

/** What a worker says of the model it has loaded. */
export interface ModelSignature {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Bytes of the graph and the files beside it; of the prepacked copy where weights are shared. */
  readonly fileBytes: number;
  /** Whether the weights are mapped from a prepacked copy that all workers share. */
  readonly sharedWeights: boolean;
}

/** A run that a worker has been sent. */
export interface PostedRun {
  /** Without value when the run was withdrawn. */
  readonly result: Promise<TensorMap>;
  /** Takes the run back if it has not begun; false when it has, or when nobody can tell. */
  withdraw(): boolean;
}

/** What a pool needs of a worker. */
export interface PoolWorker {
  /** Resolves when the model is loaded and has run once. */
  readonly ready: Promise<ModelSignature>;
  readonly alive: boolean;
  /** Why it is not alive, unless it was disposed of. */
  readonly failed: Error | undefined;
  readonly exited: Promise<void>;
  /** Runs that may be posted at a time: one runs, the others spare the worker the wait for the next message. */
  readonly depth: number;
  post(feeds: TensorMap, outputs: readonly string[] | undefined): PostedRun;
  /** Gives up a worker that does not answer. `exited` resolves should it end after all. */
  abandon(reason: Error): void;
  dispose(): Promise<void>;
}
