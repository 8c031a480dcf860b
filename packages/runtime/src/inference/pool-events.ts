/** What happens in a pool besides runs, for logs and metrics. */
export type PoolEvent =
  /** A worker ended by itself; the runs it had are tried once more on another one. */
  | { readonly kind: 'worker-died'; readonly error: Error }
  /** A worker did not answer in time and was given up. */
  | { readonly kind: 'worker-lost'; readonly error: Error; readonly lost: number }
  /** A thread that was given up has ended after all. */
  | { readonly kind: 'worker-returned'; readonly lost: number }
  /** Another worker has taken the place of one that is gone. */
  | { readonly kind: 'worker-replaced' }
  | { readonly kind: 'replacement-failed'; readonly error: Error; readonly attempts: number }
  /** A worker has had its number of runs, and another one has taken its place. */
  | { readonly kind: 'worker-recycled'; readonly runs: number }
  /** The model did not run on made-up inputs, which need not mean anything. */
  | { readonly kind: 'warm-up-failed'; readonly error: Error }
  /** Every worker keeps weights of its own, though they were to be shared. */
  | { readonly kind: 'weights-not-shared'; readonly reason: string };

/** One worker of a pool. */
export interface WorkerStats {
  readonly state: 'idle' | 'busy' | 'retiring';
  /** Runs that it has answered. */
  readonly runs: number;
  /** Of those, with an error. */
  readonly failures: number;
  /** Milliseconds in which it had something to run. */
  readonly busyMs: number;
}

/** A pool at one moment. Counters begin with the pool and only grow. */
export interface PoolStats {
  readonly workers: readonly WorkerStats[];
  /** Runs that wait for a worker. */
  readonly waiting: number;
  /** Threads that did not answer in time and are still in the run. */
  readonly lost: number;
  readonly completed: number;
  readonly failed: number;
  readonly timedOut: number;
  /** Runs that were begun again because their worker died. */
  readonly retried: number;
  /** Workers that took the place of one that was gone, and of one that had its number of runs. */
  readonly replaced: number;
  readonly recycled: number;
}
