import { RunTimeoutError, SessionError } from '../errors.js';
import type { WorkerStats } from './pool-events.js';
import type { PoolWorker, PostedRun } from './pool-worker.js';
import type { Job } from './run-queue.js';
import { Watchdog } from './watchdog.js';

/** `withdrawn`: the run went elsewhere before it began here. */
export type Outcome = 'completed' | 'failed' | 'withdrawn';

/** What a seat tells its pool. */
export interface SeatEvents {
  /** The worker is done with a run; the seat may take another one. */
  answered(seat: WorkerSeat, outcome: Outcome): void;
  /** A run that has not been answered needs another worker; `begun`: this one died in it. */
  returned(job: Job, cause: { readonly begun: boolean; readonly error: Error }): void;
  /** The worker did not answer in time and was given up. */
  lost(seat: WorkerSeat, error: Error): void;
}

interface Posted {
  readonly job: Job;
  readonly run: PostedRun;
  withdrawn: boolean;
}

/** A loaded worker in a pool, the runs it has been sent, and the watch over them. */
export class WorkerSeat {
  /** In order; the first one runs. */
  private readonly posted: Posted[] = [];
  private readonly watchdog: Watchdog;
  private runs = 0;
  private failures = 0;
  private busyMs = 0;
  private busySince = 0;
  private gone = false;
  private retiring = false;

  constructor(
    readonly worker: PoolWorker,
    private readonly runTimeoutMs: number,
    private readonly events: SeatEvents,
  ) {
    this.watchdog = new Watchdog(runTimeoutMs, () => this.giveUp());
  }

  /** Runs that the worker has been sent and has not answered. */
  get load(): number {
    return this.posted.length;
  }

  /** Runs that wait here for the one that runs. */
  get waiting(): number {
    return this.posted.reduce((count, { withdrawn }, i) => (i > 0 && !withdrawn ? count + 1 : count), 0);
  }

  get answers(): number {
    return this.runs;
  }

  get hasRoom(): boolean {
    return !this.retiring && this.worker.alive && this.posted.length < this.worker.depth;
  }

  get isRetiring(): boolean {
    return this.retiring;
  }

  get stats(): WorkerStats {
    const { runs, failures } = this;
    const busyMs = this.busyMs + (this.load > 0 ? performance.now() - this.busySince : 0);
    return { state: this.retiring ? 'retiring' : this.load > 0 ? 'busy' : 'idle', runs, failures, busyMs };
  }

  /** Sends the run to the worker; one that cannot be sent fails at once. */
  post(job: Job): void {
    let run: PostedRun;
    try {
      run = this.worker.post(job.feeds, job.outputs);
    } catch (cause) {
      job.reject(new SessionError(`The inputs cannot be sent to a worker: ${(cause as Error).message}`, { cause }));
      return;
    }
    const entry: Posted = { job, run, withdrawn: false };
    if (this.posted.push(entry) === 1) {
      this.busySince = performance.now();
      this.watchdog.start();
    }
    entry.run.result.then(
      (result) => this.settle(entry, () => job.resolve(result)),
      (error: Error) => this.settle(entry, () => job.reject(error), error),
    );
  }

  /** Takes back the run that was posted last, if it has not begun. */
  withdrawLast(): Job | undefined {
    return this.withdraw(this.posted.findLast(({ withdrawn }) => !withdrawn));
  }

  /** Takes back this run, if it is here and has not begun. */
  withdrawJob(job: Job): boolean {
    return this.withdraw(this.posted.find((entry) => entry.job === job)) !== undefined;
  }

  /** Takes no further runs. */
  retire(): void {
    this.retiring = true;
  }

  /** The worker is gone, or its pool is. */
  dispose(): void {
    this.watchdog.dispose();
  }

  private withdraw(entry: Posted | undefined): Job | undefined {
    if (entry === undefined || entry.withdrawn || !entry.run.withdraw()) return undefined;
    entry.withdrawn = true;
    return entry.job;
  }

  private settle(entry: Posted, answer: () => void, error?: Error): void {
    if (this.gone) return;
    const position = this.posted.indexOf(entry);
    this.posted.splice(position, 1);
    if (position === 0) {
      if (this.posted.length > 0) this.watchdog.start();
      else {
        this.watchdog.stop();
        this.busyMs += performance.now() - this.busySince;
      }
    }
    if (entry.withdrawn) this.events.answered(this, 'withdrawn');
    else if (error !== undefined && !this.worker.alive) {
      this.events.returned(entry.job, { begun: !entry.run.withdraw(), error });
    } else {
      this.runs++;
      if (error !== undefined) this.failures++;
      answer();
      this.events.answered(this, error === undefined ? 'completed' : 'failed');
    }
  }

  private giveUp(): void {
    this.gone = true;
    const [running, ...others] = this.posted;
    const error = new RunTimeoutError('A run', this.runTimeoutMs);
    for (const entry of others) {
      // One that has begun has only just: the answer to the first run is on its way.
      if (!entry.withdrawn) this.events.returned(entry.job, { begun: this.withdraw(entry) === undefined, error });
    }
    this.watchdog.dispose();
    this.worker.abandon(error);
    running?.job.reject(error);
    this.events.lost(this, error);
  }
}
