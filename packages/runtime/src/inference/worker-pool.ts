import { AbortError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import type { ValueInfo } from '../ort.js';
import type { InferencePool, RunOptions } from './inference-pool.js';
import type { PoolEvent, PoolStats } from './pool-events.js';
import type { ModelSignature, PoolWorker } from './pool-worker.js';
import { MAX_LOSSES, Replacements } from './replacements.js';
import { type Job, RunQueue } from './run-queue.js';
import { type Outcome, WorkerSeat } from './worker-seat.js';

export interface WorkerPoolOptions {
  /** Loaded; as many as the pool is to keep. */
  readonly workers: readonly PoolWorker[];
  readonly signature: ModelSignature;
  readonly memoryBytes: number;
  /** Starts another worker. */
  readonly open: () => PoolWorker;
  readonly maxQueue: number;
  /** 0: no limit. */
  readonly runTimeoutMs: number;
  /** 0: never. */
  readonly recycleAfterRuns: number;
  readonly onEvent: (event: PoolEvent) => void;
}

/** Workers that may die in one run before it fails: inference is pure, but the run may be what kills them. */
const MAX_LOSSES_PER_RUN = 2;

/** Hands runs to free workers, first come first served, and keeps the number of workers. */
export class WorkerPool implements InferencePool {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly concurrency: number;
  readonly memoryBytes: number;
  private readonly queue: RunQueue;
  private readonly seats = new Set<WorkerSeat>();
  /** Threads that were given up and are still in the run. */
  private readonly stuck = new Set<PoolWorker>();
  private readonly replacements: Replacements;
  /** Seats of replacements, until they have shown that they can do the work. */
  private readonly unproved = new Set<WorkerSeat>();
  private recycling: Promise<void> | undefined;
  private readonly counters = { completed: 0, failed: 0, timedOut: 0, retried: 0, replaced: 0, recycled: 0 };
  private failure: SessionError | undefined;
  private disposal: Promise<void> | undefined;
  private drained: (() => void) | undefined;

  constructor(private readonly options: WorkerPoolOptions) {
    const { workers, signature, memoryBytes, open, maxQueue } = options;
    this.inputs = signature.inputs;
    this.outputs = signature.outputs;
    this.concurrency = workers.length;
    this.memoryBytes = memoryBytes;
    this.queue = new RunQueue(maxQueue);
    this.replacements = new Replacements(open, {
      ready: (worker) => this.replaced(worker),
      failed: (error, attempts) => options.onEvent({ kind: 'replacement-failed', error, attempts }),
      isAlone: () => this.seats.size === 0,
      gaveUp: (error) => this.giveUp(error),
    });
    for (const worker of workers) this.seat(worker);
  }

  get size(): number {
    let serving = 0;
    for (const { isRetiring } of this.seats) if (!isRetiring) serving++;
    return serving + this.replacements.pending;
  }

  get waiting(): number {
    let waiting = this.queue.length;
    for (const seat of this.seats) waiting += seat.waiting;
    return waiting;
  }

  get lost(): number {
    return this.stuck.size;
  }

  stats(): PoolStats {
    const { waiting, lost, counters } = this;
    return { workers: Array.from(this.seats, ({ stats }) => stats), waiting, lost, ...counters };
  }

  async run(feeds: TensorMap, { outputs, signal }: RunOptions = {}): Promise<TensorMap> {
    AbortError.throwIfAborted(signal);
    const refusal = this.disposal === undefined ? this.hopeless() : new SessionError('The inference pool is disposed');
    if (refusal !== undefined) throw refusal;
    if (!this.hasIdleWorker()) this.queue.assertRoom(this.waiting);
    if (this.seats.size === 0) this.replacements.keepAlive();
    const answer = this.queue.add({ feeds, outputs, signal }, (job) => this.aborted(job));
    this.dispatch();
    return answer;
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
    const seats = [...this.seats];
    // They are to end now, so that is no death.
    for (const seat of seats) this.remove(seat);
    await Promise.all([this.replacements.dispose(), this.recycling, ...seats.map(({ worker }) => worker.dispose())]);
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const seat = this.freest();
      if (seat === undefined) break;
      seat.post(this.queue.take()!);
    }
    if (this.queue.length === 0) this.spread();
    if (this.queue.length === 0 && [...this.seats].every(({ load }) => load === 0)) this.drained?.();
  }

  /** The seat with the fewest runs among those with room. */
  private freest(): WorkerSeat | undefined {
    let best: WorkerSeat | undefined;
    for (const seat of this.seats) {
      if (!seat.hasRoom) continue;
      if (seat.load === 0) return seat;
      if (best === undefined || seat.load < best.load) best = seat;
    }
    return best;
  }

  private hasIdleWorker(): boolean {
    return this.freest()?.load === 0;
  }

  /** Runs that wait behind another one go to workers that have nothing to do. */
  private spread(): void {
    for (const crowded of this.seats) {
      if (crowded.waiting === 0) continue;
      const idle = this.freest();
      if (idle === undefined || idle.load > 0) return;
      const job = crowded.withdrawLast();
      if (job !== undefined) idle.post(job);
    }
  }

  private aborted(job: Job): void {
    for (const seat of this.seats) if (seat.withdrawJob(job)) break;
    this.dispatch();
  }

  private seat(worker: PoolWorker): WorkerSeat {
    const seat = new WorkerSeat(worker, this.options.runTimeoutMs, {
      answered: (answering, outcome) => this.answered(answering, outcome),
      returned: (job, cause) => this.returned(job, cause),
      lost: (given, error) => this.gaveUpOn(given, error),
    });
    this.seats.add(seat);
    void worker.exited.then(() => this.left(seat));
    return seat;
  }

  private answered(seat: WorkerSeat, outcome: Outcome): void {
    if (outcome !== 'withdrawn') {
      this.counters[outcome]++;
      if (this.unproved.delete(seat)) this.replacements.proved();
      this.considerRecycling(seat);
    }
    this.releaseRetired(seat);
    this.dispatch();
  }

  private returned(job: Job, { begun, error }: { readonly begun: boolean; readonly error: Error }): void {
    if (begun && ++job.losses >= MAX_LOSSES_PER_RUN) {
      this.counters.failed++;
      job.reject(error);
      return;
    }
    if (begun && !job.settled) this.counters.retried++;
    this.queue.putBack(job);
  }

  /** The worker ended by itself. */
  private left(seat: WorkerSeat): void {
    if (!this.remove(seat)) return;
    const error = seat.worker.failed ?? new SessionError('A worker of the inference pool ended');
    this.options.onEvent({ kind: 'worker-died', error });
    this.fill(error);
    this.dispatch();
  }

  private gaveUpOn(seat: WorkerSeat, error: Error): void {
    this.remove(seat);
    this.counters.timedOut++;
    this.stuck.add(seat.worker);
    this.options.onEvent({ kind: 'worker-lost', error, lost: this.lost });
    void seat.worker.exited.then(() => {
      this.stuck.delete(seat.worker);
      this.options.onEvent({ kind: 'worker-returned', lost: this.lost });
      this.fill(error);
      this.dispatch();
    });
    this.fill(error);
    this.dispatch();
  }

  private remove(seat: WorkerSeat): boolean {
    seat.dispose();
    this.unproved.delete(seat);
    return this.seats.delete(seat);
  }

  /**
   * Asks for the workers that are missing. Threads that are stuck count up to a second set of workers: beyond that they
   * would take all processors.
   */
  private fill(error: Error): void {
    while (this.size < this.concurrency && this.size + this.lost < 2 * this.concurrency && this.wantsWorkers()) {
      const before = this.size;
      this.replacements.request(error);
      if (this.size === before) break;
    }
    if (this.queue.length > 0) this.replacements.keepAlive();
    const hopeless = this.hopeless();
    if (hopeless !== undefined) this.queue.rejectAll(hopeless);
  }

  private wantsWorkers(): boolean {
    return this.failure === undefined && (this.disposal === undefined || this.queue.length > 0);
  }

  private replaced(worker: PoolWorker): void {
    this.unproved.add(this.seat(worker));
    this.counters.replaced++;
    this.options.onEvent({ kind: 'worker-replaced' });
    this.dispatch();
  }

  private giveUp(cause: Error): void {
    this.failure = new SessionError(
      `More than ${MAX_LOSSES} workers of the inference pool in a row died or did not load; load the model again once the cause is gone. The last one: ${cause.message}`,
      { cause },
    );
    this.queue.rejectAll(this.failure);
    this.dispatch();
  }

  /** Why no run can be answered any more. */
  private hopeless(): SessionError | undefined {
    if (this.failure !== undefined || this.size > 0) return this.failure;
    return new SessionError(
      `All workers of the inference pool are in runs that do not end (${this.lost} threads); load models that one does not trust in processes, which can be ended`,
    );
  }

  private considerRecycling(seat: WorkerSeat): void {
    const { recycleAfterRuns } = this.options;
    if (recycleAfterRuns === 0 || seat.answers % recycleAfterRuns !== 0) return;
    if (this.recycling !== undefined || this.disposal !== undefined) return;
    this.recycling = this.recycle(seat).finally(() => {
      this.recycling = undefined;
    });
  }

  /** Another worker first, so that none is missing while it loads. */
  private async recycle(seat: WorkerSeat): Promise<void> {
    const worker = this.options.open();
    try {
      await worker.ready;
    } catch (error) {
      this.options.onEvent({ kind: 'replacement-failed', error: error as Error, attempts: 1 });
      return worker.dispose();
    }
    // The old one may have died in the meantime, and have been replaced.
    if (this.disposal !== undefined || !this.seats.has(seat)) return worker.dispose();
    this.seat(worker);
    seat.retire();
    this.counters.recycled++;
    this.options.onEvent({ kind: 'worker-recycled', runs: seat.answers });
    this.releaseRetired(seat);
    this.dispatch();
  }

  private releaseRetired(seat: WorkerSeat): void {
    if (seat.isRetiring && seat.load === 0 && this.remove(seat)) void seat.worker.dispose();
  }
}
