export interface CheckpointClockOptions {
  readonly everySteps?: number;
  /** Longest interval in seconds. Default 15. */
  readonly everySeconds?: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/** Writing checkpoints may take this share of the time. */
const writingShare = 1 / 20;
/** This share of the work since the start may be lost at any moment. */
const lossShare = 1 / 5;
const shortestMs = 2000;

/**
 * Decides when a checkpoint is due: soon after the start, when little work makes up much of all work, then ever more
 * rarely up to the longest interval; and rarely enough that writing stays a small share of the time.
 */
export class CheckpointClock {
  private readonly now: () => number;
  private readonly openedAt: number;
  private dueAt: number;

  constructor(private readonly options: CheckpointClockOptions) {
    this.now = options.now ?? (() => performance.now());
    this.openedAt = this.now();
    this.dueAt = this.openedAt + this.interval;
  }

  due(step: number): boolean {
    const { everySteps } = this.options;
    return this.now() >= this.dueAt || (everySteps !== undefined && step % everySteps === 0);
  }

  /** Nothing is due while a checkpoint is being written. Returns what to call when it is on disk. */
  begin(): () => void {
    const begun = this.now();
    this.dueAt = Number.POSITIVE_INFINITY;
    return () => {
      const now = this.now();
      this.dueAt = now + Math.max(this.interval, (now - begun) / writingShare);
    };
  }

  private get interval(): number {
    const longest = 1000 * (this.options.everySeconds ?? 15);
    const worthwhile = (this.now() - this.openedAt) * lossShare;
    return Math.min(longest, Math.max(shortestMs, worthwhile));
  }
}
