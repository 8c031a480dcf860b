import { availableParallelism } from 'node:os';
import { AbortError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import { QueueFullError, SessionError } from '../errors.js';
import type { ValueInfo } from '../ort.js';
import type { ModelSignature } from './inference-worker.js';
import { InferenceWorker } from './inference-worker-client.js';

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

interface Job {
  readonly feeds: TensorMap;
  readonly outputs: readonly string[] | undefined;
  resolve(result: TensorMap): void;
  reject(error: Error): void;
}

class WorkerPool implements InferencePool {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  private readonly idle: InferenceWorker[];
  private readonly queue: Job[] = [];
  private readonly workers: Set<InferenceWorker>;
  private replacements: number;
  private disposal: Promise<void> | undefined;
  private drained: (() => void) | undefined;

  constructor(
    workers: readonly InferenceWorker[],
    signature: ModelSignature,
    private readonly open: () => InferenceWorker,
    private readonly maxQueue: number,
  ) {
    this.inputs = signature.inputs;
    this.outputs = signature.outputs;
    this.workers = new Set(workers);
    this.idle = [...workers];
    this.replacements = workers.length;
    for (const worker of workers) this.watch(worker);
  }

  get size(): number {
    return this.workers.size;
  }

  get waiting(): number {
    return this.queue.length;
  }

  async run(feeds: TensorMap, { outputs, signal }: RunOptions = {}): Promise<TensorMap> {
    AbortError.throwIfAborted(signal);
    if (this.disposal !== undefined) throw new SessionError('The inference pool is disposed');
    if (this.workers.size === 0) throw lost();
    if (this.idle.length === 0 && this.queue.length >= this.maxQueue) throw new QueueFullError(this.maxQueue);
    let abort: (() => void) | undefined;
    try {
      return await new Promise<TensorMap>((resolve, reject) => {
        const job: Job = { feeds, outputs, resolve, reject };
        abort = () => {
          const position = this.queue.indexOf(job);
          if (position >= 0) this.queue.splice(position, 1);
          reject(new AbortError(undefined, { cause: signal?.reason }));
          this.dispatch();
        };
        signal?.addEventListener('abort', abort, { once: true });
        this.queue.push(job);
        this.dispatch();
      });
    } finally {
      if (abort !== undefined) signal?.removeEventListener('abort', abort);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposal ??= this.shutDown();
    return this.disposal;
  }

  private async shutDown(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.drained = resolve;
      this.dispatch();
    });
    await Promise.all([...this.workers].map((worker) => worker.dispose()));
  }

  private dispatch(): void {
    while (this.queue.length > 0 && this.idle.length > 0) void this.work(this.idle.pop()!, this.queue.shift()!);
    if (this.queue.length === 0 && this.idle.length === this.workers.size) this.drained?.();
  }

  private async work(worker: InferenceWorker, job: Job): Promise<void> {
    try {
      job.resolve(await worker.run(job.feeds, job.outputs));
    } catch (error) {
      job.reject(error as Error);
    }
    // A worker that died is handled by `watch`.
    if (this.workers.has(worker) && worker.alive) this.idle.push(worker);
    this.dispatch();
  }

  private watch(worker: InferenceWorker): void {
    void worker.exited.then(() => {
      if (!this.workers.delete(worker)) return;
      const position = this.idle.indexOf(worker);
      if (position >= 0) this.idle.splice(position, 1);
      if (this.replacements > 0 && this.disposal === undefined) void this.replace();
      this.afterLoss();
    });
  }

  private async replace(): Promise<void> {
    this.replacements--;
    const worker = this.open();
    this.workers.add(worker);
    this.watch(worker);
    try {
      await worker.ready;
      this.idle.push(worker);
    } catch {
      // The file may be gone by now: go on with fewer workers.
      this.workers.delete(worker);
      await worker.dispose();
    }
    this.afterLoss();
  }

  private afterLoss(): void {
    if (this.workers.size === 0) for (const job of this.queue.splice(0)) job.reject(lost());
    this.dispatch();
  }
}

function lost(): SessionError {
  return new SessionError('Every worker of the inference pool has died; create a new pool');
}
