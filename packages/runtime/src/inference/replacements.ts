import type { PoolWorker } from './pool-worker.js';

export interface ReplacementEvents {
  ready(worker: PoolWorker): void;
  /** @param attempts How many workers have been lost or have failed to load since the last one that did its work. */
  failed(error: Error, attempts: number): void;
  /** Whether nobody else does the work; only then is it worth nothing to try for ever. */
  isAlone(): boolean;
  /** There will be no further attempts. */
  gaveUp(error: Error): void;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** Lost workers in a row after which a pool without any other is given up. */
export const MAX_LOSSES = 8;

/**
 * Opens workers in place of those that are gone: the first one at once, then ever more slowly as long as none does its
 * work.
 */
export class Replacements {
  private losses = 0;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly opening = new Set<PoolWorker>();
  private stopped = false;

  constructor(
    private readonly open: () => PoolWorker,
    private readonly events: ReplacementEvents,
  ) {}

  /** Workers to come. */
  get pending(): number {
    return this.timers.size + this.opening.size;
  }

  /** A worker is gone, because of `error`. */
  request(error: Error): void {
    if (this.stopped) return;
    this.losses++;
    if (this.losses > MAX_LOSSES && this.events.isAlone()) {
      void this.dispose();
      this.events.gaveUp(error);
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.attempt();
    }, this.delay()).unref();
    this.timers.add(timer);
  }

  /** Somebody waits for a worker: the process must not end before the next attempt. */
  keepAlive(): void {
    for (const timer of this.timers) timer.ref();
  }

  /** A worker that was opened here has done a run. */
  proved(): void {
    this.losses = 0;
  }

  /** Ends all attempts. */
  async dispose(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(Array.from(this.opening, (worker) => worker.dispose()));
  }

  private delay(): number {
    return this.losses <= 1 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.losses - 2), LONGEST_DELAY_MS);
  }

  private async attempt(): Promise<void> {
    const worker = this.open();
    this.opening.add(worker);
    try {
      await worker.ready;
      this.opening.delete(worker);
      if (!this.stopped) this.events.ready(worker);
    } catch (error) {
      this.opening.delete(worker);
      if (this.stopped) return;
      this.events.failed(error as Error, this.losses);
      void worker.dispose();
      this.request(error as Error);
    }
  }
}
