import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { TensorMap } from '@zooid/tensor';
import type { ValueInfo } from '../ort.js';
import type { Isolation } from '../workers/worker-channel.js';
import { InferenceWorker } from './inference-worker-client.js';
import { memoryBytes } from './memory-bytes.js';
import type { PoolEvent, PoolStats } from './pool-events.js';
import { type SharedWeightsOptions, shareWeights } from './shared-weights/share-weights.js';
import type { SharedModel } from './shared-weights/shared-model.js';
import { WorkerPool } from './worker-pool.js';

export interface InferencePoolOptions {
  /** Path of an ONNX file; external data is looked for beside it. */
  readonly model: string;
  /**
   * `throughput`: as many workers as the machine has cores, each on one of them. `latency`: one worker on all cores, which
   * answers one run sooner, on a machine that has nothing else to do. Default: `throughput`.
   */
  readonly mode?: 'throughput' | 'latency';
  /** Workers with a session each; default: what `mode` says. */
  readonly workers?: number;
  /** Threads inside one run; default: what `mode` says. */
  readonly threads?: number;
  /**
   * False: onnxruntime runs every operator as the graph has it, which is slow, and what optimised graphs are compared with;
   * weights are not shared then. Default: true.
   */
  readonly optimize?: boolean;
  /**
   * `process`: workers are processes, for models that one does not trust. One that does not answer is killed. Costs
   * about 20 MB more a worker and the copying of inputs and outputs. Default: `thread`.
   */
  readonly isolation?: Isolation;
  /** Runs that may wait for a free worker; default 1024. */
  readonly maxQueue?: number;
  /** Longest time, in milliseconds, that one run may take; 0: no limit. Default: 60 s. */
  readonly runTimeoutMs?: number;
  /** Longest time, in milliseconds, that a worker may take to load the model; 0: no limit. Default: 10 min. */
  readonly loadTimeoutMs?: number;
  /** Runs after which a worker is replaced by a new one; default 0: never. */
  readonly recycleAfterRuns?: number;
  /** Default: every worker has weights of its own. */
  readonly sharedWeights?: SharedWeightsOptions;
  /** Is told what happens besides runs; must not throw. */
  readonly onEvent?: (event: PoolEvent) => void;
}

export interface RunOptions {
  /** Default: all outputs. */
  readonly outputs?: readonly string[];
  /** Takes a run back that has not begun; one that has is finished, but its result is dropped. */
  readonly signal?: AbortSignal;
}

/** One model loaded in several workers. */
export interface InferencePool extends AsyncDisposable {
  /** The model's inputs, in its order. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Runs that can go on at the same time. */
  readonly concurrency: number;
  /** About what the loaded model takes, by the size of its files. */
  readonly memoryBytes: number;
  /** Workers that can run now or are being replaced. */
  readonly size: number;
  /** Runs that wait for a worker. */
  readonly waiting: number;
  /**
   * Threads that did not answer in time and are still in the run. They cannot be ended, so a process that has any ends by
   * a signal, SIGKILL to itself on exit, once everything else is done.
   */
  readonly lost: number;
  /** What the workers do now, and what has happened since the pool was made. */
  stats(): PoolStats;
  /**
   * Runs the model on the next free worker; in order of arrival when all are busy. `feeds` are copied, and must not
   * change before the answer: a run whose worker dies is begun again, once, on another one.
   *
   * @throws QueueFullError, AbortError, RunTimeoutError, SessionError (the run failed, two workers died in it, none is
   *   left, or the pool is disposed)
   */
  run(feeds: TensorMap, options?: RunOptions): Promise<TensorMap>;
  /**
   * Refuses new runs, finishes those accepted, releases the sessions and waits for the workers to end, but for those
   * that were given up.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_LOAD_TIMEOUT_MS = 600_000;

/**
 * Loads a model into a pool of workers. Sessions are created and run in the workers, so the calling thread never
 * blocks; each has run once, on made-up inputs, when this returns. Workers that die or do not answer are replaced.
 *
 * @throws SessionError when the model cannot be loaded, RunTimeoutError when that takes too long; nothing is left
 *   running then, but for threads that do not answer.
 */
export async function createInferencePool(options: InferencePoolOptions): Promise<InferencePool> {
  const {
    isolation = 'thread',
    maxQueue = 1024,
    runTimeoutMs = 60_000,
    loadTimeoutMs = DEFAULT_LOAD_TIMEOUT_MS,
  } = options;
  const { recycleAfterRuns = 0, optimize = true, onEvent = () => {} } = options;
  const { workers: count, threads } = poolSize(options);
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`Expected at least one worker, got ${count}`);
  const model = resolve(options.model);
  // Shared weights are those of an optimised graph.
  const shared = optimize ? await trySharing(model, options) : undefined;
  const open = (): InferenceWorker =>
    new InferenceWorker({ model, threads, optimize, shared, isolation, runTimeoutMs, loadTimeoutMs, onEvent });
  const workers = Array.from({ length: count }, open);
  try {
    const [signature] = await Promise.all(workers.map((worker) => worker.ready));
    return new WorkerPool({
      workers,
      signature: signature!,
      memoryBytes: memoryBytes(signature!, count),
      open,
      maxQueue,
      runTimeoutMs,
      recycleAfterRuns,
      onEvent,
    });
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.dispose()));
    throw error;
  }
}

/** How many workers a pool gets, and how many threads each of them. */
export function poolSize({
  mode = 'throughput',
  workers,
  threads,
}: Pick<InferencePoolOptions, 'mode' | 'workers' | 'threads'>): { readonly workers: number; readonly threads: number } {
  const cores = availableParallelism();
  const [defaultWorkers, defaultThreads] = mode === 'throughput' ? [cores, 1] : [1, cores];
  return { workers: workers ?? defaultWorkers, threads: threads ?? defaultThreads };
}

/** Weights of one's own are better than no model. */
async function trySharing(model: string, options: InferencePoolOptions): Promise<SharedModel | undefined> {
  const { loadTimeoutMs = DEFAULT_LOAD_TIMEOUT_MS } = options;
  if (options.sharedWeights === undefined) return undefined;
  try {
    return await shareWeights(model, { timeoutMs: loadTimeoutMs, ...options.sharedWeights });
  } catch (error) {
    options.onEvent?.({ kind: 'weights-not-shared', reason: (error as Error).message });
    return undefined;
  }
}
