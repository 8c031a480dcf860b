import { AbortError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import { QueueFullError } from '../errors.js';

/** A run that somebody waits for. */
export interface Job {
  /** Order of arrival. */
  readonly number: number;
  readonly feeds: TensorMap;
  readonly outputs: readonly string[] | undefined;
  /** Workers that died in it. */
  losses: number;
  /** Whether the caller has an answer, or no longer wants one. */
  settled: boolean;
  resolve(result: TensorMap): void;
  reject(error: Error): void;
}

export interface JobRequest {
  readonly feeds: TensorMap;
  readonly outputs: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs that no worker has been sent, in order of arrival. */
export class RunQueue {
  private readonly jobs: Job[] = [];
  private arrivals = 0;

  /** @param maxWaiting Runs that may wait, here and at the workers. */
  constructor(private readonly maxWaiting: number) {}

  get length(): number {
    return this.jobs.length;
  }

  /** @throws QueueFullError when `waiting` runs wait already. */
  assertRoom(waiting: number): void {
    if (waiting >= this.maxWaiting) throw new QueueFullError(this.maxWaiting);
  }

  /**
   * @returns the answer; aborting rejects it at once, and takes the run out of the queue if it is there.
   * @param onAbort is told when a run ends that way
   */
  add({ feeds, outputs, signal }: JobRequest, onAbort: (job: Job) => void): Promise<TensorMap> {
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (job.settled) return false;
        job.settled = true;
        signal?.removeEventListener('abort', abort);
        return true;
      };
      const job: Job = {
        number: this.arrivals++,
        feeds,
        outputs,
        losses: 0,
        settled: false,
        resolve: (result) => settle() && resolve(result),
        reject: (error) => settle() && reject(error),
      };
      const abort = (): void => {
        job.reject(new AbortError(undefined, { cause: signal?.reason }));
        const position = this.jobs.indexOf(job);
        if (position >= 0) this.jobs.splice(position, 1);
        onAbort(job);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.jobs.push(job);
    });
  }

  take(): Job | undefined {
    return this.jobs.shift();
  }

  /** Puts a run that was taken where it came from, unless nobody wants it any more. */
  putBack(job: Job): void {
    if (job.settled) return;
    const later = this.jobs.findIndex(({ number }) => number > job.number);
    this.jobs.splice(later < 0 ? this.jobs.length : later, 0, job);
  }

  rejectAll(error: Error): void {
    for (const job of this.jobs.splice(0)) job.reject(error);
  }
}
