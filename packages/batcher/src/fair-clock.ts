/**
 * Share of the work that a request is sure of, however many newcomers there are: without it, requests of one row that
 * never cease to come would keep a large one waiting for ever.
 */
const SURE_SHARE = 1 / 8;
/** By how many tokens of service one step of urgency comes earlier. */
const URGENCY_STEP = 1024;

/** As in the `Priority` header (RFC 9218): 0 is most urgent, 7 least. */
export const DEFAULT_URGENCY = 3;

/**
 * Effective arrival in tokens of service instead of seconds (start-time fair queueing, Goyal et al. 1996): the rows of
 * a request arrive one after the other, each as late as the rows before it are long. Whoever comes while a large
 * request is served is due before its rows to come, and two large ones take turns.
 */
export class FairClock {
  private now = 0;

  /** When the first row of a request arrives that comes now. */
  get arrival(): number {
    return this.now;
  }

  /** When a row is due that arrives at `arrival`. Urgency moves it by a bounded step, so that no row waits for ever. */
  due(arrival: number, urgency: number): number {
    return arrival + URGENCY_STEP * urgency;
  }

  /** When a row of ordinary urgency is due that arrives now. */
  get dueNow(): number {
    return this.due(this.now, DEFAULT_URGENCY);
  }

  /** A batch of `tokens` was handed over, led by a row that arrived at `arrival`. */
  served(arrival: number, tokens: number): void {
    this.now = Math.max(this.now + SURE_SHARE * tokens, arrival);
  }
}
