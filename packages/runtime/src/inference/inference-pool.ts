import { availableParallelism } from 'node:os';
import type { TensorMap } from '@zooid/tensor';
import type { ValueInfo } from '../ort.js';
import { InferenceWorker } from './inference-worker-client.js';
import { WorkerPool } from './worker-pool.js';

export interface InferencePoolOptions {
  /** Path of an ONNX file; external data is looked for beside it. */
  readonly model: string;
  /** Threads with a session each; default: the machine's cores. */
  readonly workers?: number;
  /** Threads inside one run; default 1, which gives the best throughput when all workers are busy. */
  readonly threads?: number;
  /** Runs that may wait for a free worker; default 1024. */
  readonly maxQueue?: number;
}

export interface RunOptions {
  /** Default: all outputs. */
  readonly outputs?: readonly string[];
  /** Takes a waiting run out of the queue; a run that has begun is finished, but its result is dropped. */
  readonly signal?: AbortSignal;
}

/** One model loaded in several worker threads. */
export interface InferencePool extends AsyncDisposable {
  /** The model's inputs, in its order. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Workers that can run now or are being replaced. */
  readonly size: number;
  /** Runs that wait for a worker. */
  readonly waiting: number;
  /**
   * Runs the model on the next free worker; in order of arrival when all are busy. `feeds` are copied.
   *
   * @throws QueueFullError, AbortError, SessionError (the run failed, the worker died, or the pool is disposed)
   */
  run(feeds: TensorMap, options?: RunOptions): Promise<TensorMap>;
  /** Refuses new runs, finishes those accepted, releases the sessions and waits for the threads to end. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Loads a model into a pool of workers. Sessions are created and run in the workers, so the calling thread never
 * blocks. A worker that dies is replaced once; the run it had fails with SessionError.
 *
 * @throws SessionError when the model cannot be loaded; nothing is left running then.
 */
export async function createInferencePool(options: InferencePoolOptions): Promise<InferencePool> {
  const { model, workers: count = availableParallelism(), threads = 1, maxQueue = 1024 } = options;
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`Expected at least one worker, got ${count}`);
  const open = (): InferenceWorker => new InferenceWorker({ model, threads });
  const workers = Array.from({ length: count }, open);
  try {
    const [signature] = await Promise.all(workers.map((worker) => worker.ready));
    return new WorkerPool(workers, signature!, open, maxQueue);
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.dispose()));
    throw error;
  }
}
