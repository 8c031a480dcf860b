import { AbortError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import { QueueFullError, SessionError } from '../errors.js';
import type { ValueInfo } from '../ort.js';
import type { InferencePool, RunOptions } from './inference-pool.js';
import type { ModelSignature } from './inference-worker.js';

interface Job {
  readonly feeds: TensorMap;
  readonly outputs: readonly string[] | undefined;
  resolve(result: TensorMap): void;
  reject(error: Error): void;
}

/** What the pool needs of a worker. */
export interface PoolWorker {
  readonly ready: Promise<ModelSignature>;
  readonly alive: boolean;
  readonly exited: Promise<void>;
  run(feeds: TensorMap, outputs: readonly string[] | undefined): Promise<TensorMap>;
  dispose(): Promise<void>;
}

/** Hands runs to free workers, first come first served. */
export class WorkerPool implements InferencePool {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  private readonly idle: PoolWorker[];
  private readonly queue: Job[] = [];
  private readonly workers: Set<PoolWorker>;
  private replacements: number;
  private disposal: Promise<void> | undefined;
  private drained: (() => void) | undefined;

  constructor(
    workers: readonly PoolWorker[],
    signature: ModelSignature,
    private readonly open: () => PoolWorker,
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

  private async work(worker: PoolWorker, job: Job): Promise<void> {
    try {
      job.resolve(await worker.run(job.feeds, job.outputs));
    } catch (error) {
      job.reject(error as Error);
    }
    // A worker that died is handled by `watch`.
    if (this.workers.has(worker) && worker.alive) this.idle.push(worker);
    this.dispatch();
  }

  private watch(worker: PoolWorker): void {
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
