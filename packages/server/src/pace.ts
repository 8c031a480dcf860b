/** Ends of requests that are remembered: few, so that the pace is the present one. */
const remembered = 64;

/** Who is told to wait is told to wait at least, and at most, this many seconds. */
const [leastSeconds, mostSeconds] = [1, 60];

/** How fast requests are being worked off, by the ends of the latest ones. */
export class Pace {
  /** When they ended, on the clock of `performance.now()`; the next one takes the place of the oldest. */
  private readonly ends = new Float64Array(remembered);
  private count = 0;
  private busySince = 0;

  /** There is work again after there was none: the time between is not held against whoever works. */
  begin(): void {
    this.busySince = performance.now();
    this.count = 0;
  }

  end(): void {
    this.ends[this.count++ % remembered] = performance.now();
  }

  /** Whole seconds, 1 to 60, that `requests` will take at this pace; 1 while it is not known. */
  secondsFor(requests: number): number {
    if (this.count === 0) return leastSeconds;
    const isFull = this.count > remembered;
    // The oldest end that is remembered begins the time in which the others came.
    const since = isFull ? this.ends[this.count % remembered]! : this.busySince;
    const ended = isFull ? remembered - 1 : this.count;
    const seconds = (requests * (performance.now() - since)) / ended / 1000;
    return Math.min(Math.max(Math.ceil(seconds), leastSeconds), mostSeconds);
  }
}
