import type { ShownCase } from './group-report.js';

type Rank = Pick<ShownCase, 'score' | 'mistakes' | 'index'>;

/** Keeps the cases with the lowest scores; of equal ones those with more mistakes, then those that came first. */
export class WorstCases {
  private readonly kept: ShownCase[] = [];

  constructor(private readonly limit: number) {}

  /** @param show called when the case is among the worst so far. */
  offer(rank: Rank, show: () => Omit<ShownCase, keyof Rank>): void {
    let place = this.kept.length;
    while (place > 0 && compare(rank, this.kept[place - 1]!) < 0) place--;
    if (place >= this.limit) return;
    this.kept.splice(place, 0, { ...rank, ...show() });
    if (this.kept.length > this.limit) this.kept.pop();
  }

  /** Worst first. */
  list(limit: number): readonly ShownCase[] {
    return this.kept.slice(0, limit);
  }
}

const compare = (a: Rank, b: Rank): number => a.score - b.score || b.mistakes - a.mistakes || a.index - b.index;
