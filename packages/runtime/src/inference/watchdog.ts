/** Tells when one run takes too long. One timer serves all runs of a worker, as most of them are over soon. */
export class Watchdog {
  private timer: NodeJS.Timeout | undefined;
  private since: number | undefined;
  private suspected: number | undefined;

  /** @param limitMs 0: never. */
  constructor(
    private readonly limitMs: number,
    private readonly onOverdue: () => void,
  ) {}

  /** A run begins. */
  start(): void {
    if (this.limitMs === 0) return;
    this.since = performance.now();
    this.timer ??= setTimeout(() => this.look(), this.limitMs).unref();
  }

  /** It is over, and no other one has begun. */
  stop(): void {
    this.since = undefined;
  }

  /** No run will begin any more. */
  dispose(): void {
    this.since = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    this.timer = undefined;
    if (this.since === undefined) return;
    const left = this.since + this.limitMs - performance.now();
    if (left <= 0 && this.suspected === this.since) {
      this.onOverdue();
      return;
    }
    // Where this thread was busy, or the machine asleep, the answer may only wait to be read.
    if (left <= 0) this.suspected = this.since;
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(left))).unref();
  }
}
