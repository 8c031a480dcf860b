/** How often something occurred. */
export interface Tallied<Thing> {
  readonly thing: Thing;
  readonly count: number;
}

/** Counts things of JSON in bounded memory: when there are too many different ones, the rarest half is forgotten. */
export class Tally<Thing> {
  private counts = new Map<string, number>();
  private forgot = false;

  /** @param limit different things that are kept. */
  constructor(private readonly limit = 20_000) {}

  /** False: counts may be too low, and a rare thing may be missing. */
  get isExact(): boolean {
    return !this.forgot;
  }

  add(thing: Thing): void {
    const key = JSON.stringify(thing);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (this.counts.size <= this.limit) return;
    this.forgot = true;
    this.counts = new Map(this.sorted().slice(0, this.limit / 2));
  }

  /** The most frequent, of equally frequent ones those that came first. */
  top(count: number): Tallied<Thing>[] {
    const found = this.sorted().slice(0, count);
    return found.map(([key, times]) => ({ thing: JSON.parse(key) as Thing, count: times }));
  }

  private sorted(): [string, number][] {
    return [...this.counts].sort(([, a], [, b]) => b - a);
  }
}
