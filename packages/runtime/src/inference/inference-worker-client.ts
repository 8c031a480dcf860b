import type { TensorMap } from '@zooid/tensor';
import { RunTimeoutError, SessionError } from '../errors.js';
import { packCopies, unpack } from '../workers/packed-tensors.js';
import type { Isolation } from '../workers/worker-channel.js';
import { WorkerClient } from '../workers/worker-client.js';
import { workerUrl } from '../workers/worker-url.js';
import type { OpenReply, OpenRequest, RunReply, RunRequest } from './inference-worker.js';
import type { PoolEvent } from './pool-events.js';
import type { ModelSignature, PoolWorker, PostedRun } from './pool-worker.js';
import { RunClaims } from './run-claims.js';
import type { SharedModel } from './shared-weights/shared-model.js';

export interface InferenceWorkerOptions {
  /** Absolute path. */
  readonly model: string;
  readonly threads: number;
  readonly optimize: boolean;
  readonly shared: SharedModel | undefined;
  readonly isolation: Isolation;
  /** Longest time for the first run; 0: no limit. */
  readonly runTimeoutMs: number;
  /** Longest time for loading; 0: no limit. */
  readonly loadTimeoutMs: number;
  readonly onEvent: (event: PoolEvent) => void;
}

/** Runs posted to a thread at a time: one that runs and one that it goes on with. */
const THREAD_DEPTH = 2;

/** A worker with one inference session. */
export class InferenceWorker implements PoolWorker {
  readonly ready: Promise<ModelSignature>;
  readonly depth: number;
  private readonly client: WorkerClient;
  /** What a process has not begun cannot be taken back, so it is only sent what it can begin. */
  private readonly claims: RunClaims | undefined;

  constructor(private readonly options: InferenceWorkerOptions) {
    const { isolation } = options;
    const entry = workerUrl(import.meta.url, 'inference/inference-worker.js');
    this.client = new WorkerClient(entry, 'inference', isolation);
    this.claims = isolation === 'thread' ? RunClaims.create(THREAD_DEPTH) : undefined;
    this.depth = isolation === 'thread' ? THREAD_DEPTH : 1;
    this.ready = this.load();
    // Several workers load at once; the pool reports the first failure, the others must not count as unhandled.
    this.ready.catch(() => {});
  }

  get alive(): boolean {
    return this.client.alive;
  }

  get failed(): Error | undefined {
    return this.client.failed;
  }

  get exited(): Promise<void> {
    return this.client.exited;
  }

  post(feeds: TensorMap, outputs: readonly string[] | undefined): PostedRun {
    const { layout, buffers, transfer } = packCopies(feeds);
    const place = this.claims?.post() ?? 0;
    const request: RunRequest = [place, outputs, layout, buffers];
    const reply = this.client.call<RunReply>('run', request, transfer);
    return {
      result: reply.then(
        (packed) => {
          this.claims?.free(place);
          return packed === undefined ? {} : unpack({ layout: packed[0], buffers: packed[1] });
        },
        (error) => {
          // The claim on a run that a dead worker had tells whether it began.
          if (this.client.alive) this.claims?.free(place);
          throw error;
        },
      ),
      withdraw: () => this.claims?.withdraw(place) ?? false,
    };
  }

  abandon(reason: Error): void {
    this.client.abandon(reason);
  }

  dispose(): Promise<void> {
    return this.client.dispose();
  }

  private async load(): Promise<ModelSignature> {
    const { model, threads, optimize, shared, runTimeoutMs, loadTimeoutMs, onEvent } = this.options;
    const request: OpenRequest = { model, threads, optimize, shared, claims: this.claims?.memory };
    try {
      const open = this.client.call<OpenReply>('open', request);
      const { notice, ...signature } = await this.within(loadTimeoutMs, `Loading ${model}`, open);
      if (notice !== undefined) onEvent({ kind: 'weights-not-shared', reason: notice });
      await this.warmUp(runTimeoutMs);
      return signature;
    } catch (cause) {
      if (cause instanceof RunTimeoutError) throw cause;
      throw new SessionError(`The model ${model} could not be loaded: ${(cause as Error).message}`, { cause });
    }
  }

  /** One run before the first answer has to be quick. Made-up inputs that the model does not like say nothing of it. */
  private async warmUp(limitMs: number): Promise<void> {
    try {
      await this.within(limitMs, `The first run of ${this.options.model}`, this.client.call('warmUp', undefined));
    } catch (error) {
      if (!this.client.alive) throw error;
      this.options.onEvent({ kind: 'warm-up-failed', error: error as Error });
    }
  }

  private async within<T>(limitMs: number, what: string, call: Promise<T>): Promise<T> {
    if (limitMs === 0) return call;
    const timer = setTimeout(() => this.client.abandon(new RunTimeoutError(what, limitMs)), limitMs);
    try {
      return await call;
    } finally {
      clearTimeout(timer);
    }
  }
}
