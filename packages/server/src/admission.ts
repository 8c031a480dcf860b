import { AbortError } from '@zooid/common';
import { RequestError } from './errors.js';
import { Pace } from './pace.js';

interface Waiting {
  readonly enter: () => void;
}

/**
 * Lets a bounded number of requests work at a time and a bounded number wait their turn, first come first served.
 * Whoever finds the line full is refused at once: a queue that only grows serves everyone late.
 */
export class Admission {
  private running = 0;
  private readonly queue = new Set<Waiting>();
  private readonly pace = new Pace();

  constructor(
    private readonly maxConcurrent: number,
    private readonly maxQueued: number,
  ) {}

  get load(): { readonly running: number; readonly queued: number } {
    return { running: this.running, queued: this.queue.size };
  }

  /** Whole seconds until all who have a place or wait for one will be done, as fast as it goes now: 1 to 60. */
  get secondsToDrain(): number {
    return this.pace.secondsFor(this.running + this.queue.size);
  }

  /**
   * Takes a place, which {@link leave} gives back.
   *
   * @returns What to wait for, which rejects with an AbortError when `signal` fires before the turn comes; `undefined` when
   *   there is a place at once.
   * @throws RequestError `OVERLOADED` when the queue is full; AbortError when `signal` has fired.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    AbortError.throwIfAborted(signal);
    if (this.running < this.maxConcurrent) {
      if (this.running === 0) this.pace.begin();
      this.running++;
      return undefined;
    }
    if (this.queue.size >= this.maxQueued) {
      throw new RequestError('OVERLOADED', 'Too many requests are waiting; try again shortly', {
        'retry-after': String(this.secondsToDrain),
      });
    }
    return new Promise((resolve, reject) => {
      const leaveQueue = () => {
        this.queue.delete(waiting);
        reject(new AbortError('The caller left before its turn came'));
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', leaveQueue);
          resolve();
        },
      };
      signal.addEventListener('abort', leaveQueue, { once: true });
      this.queue.add(waiting);
    });
  }

  /** Hands the place to the one who has waited longest: `running` stays as it is then. */
  leave(): void {
    this.pace.end();
    const [next] = this.queue;
    if (next === undefined) this.running--;
    else {
      this.queue.delete(next);
      next.enter();
    }
  }
}
