import { DueQueue, precedes, type WaitingRow } from './due-queue.js';

/** What bounds one batch. */
export interface BatchBounds {
  /** Most padded tokens; a single row may have more. */
  readonly maxTokens: number;
  /** Most padding, in tokens. */
  readonly maxPadding: number;
  /** Tokens without padding after which no row joins: the batch's share of what waits. */
  readonly enough: number;
  /** What is due by then has effectively arrived; later rows of large requests only fill what is left. */
  readonly dueBy: number;
}

/**
 * The rows that wait, in a queue per length. The row that is due first picks the length of the next batch, the rows
 * nearest to it in length fill it.
 */
export class LengthClasses<Row extends WaitingRow> {
  /** By length; the last one holds every row that is longer than a batch may be, and so runs alone. */
  private readonly queues: readonly DueQueue<Row>[];
  private rowCount = 0;
  private tokenCount = 0;

  constructor(private readonly longestClass: number) {
    this.queues = Array.from({ length: longestClass + 2 }, () => new DueQueue<Row>());
  }

  get rows(): number {
    return this.rowCount;
  }

  get tokens(): number {
    return this.tokenCount;
  }

  add(row: Row): void {
    this.queueOf(row).add(row);
    this.rowCount++;
    this.tokenCount += row.length;
  }

  remove(row: Row): void {
    this.queueOf(row).remove(row);
    this.rowCount--;
    this.tokenCount -= row.length;
  }

  /** Takes the next batch out; empty when nothing waits. The first row is the one that was due first. */
  take({ maxTokens, maxPadding, enough, dueBy }: BatchBounds): Row[] {
    const leader = this.earliest();
    if (leader === undefined) return [];
    const batch: Row[] = [];
    let [longest, tokens] = [0, 0];
    const join = (row: Row): void => {
      this.remove(row);
      batch.push(row);
      longest = Math.max(longest, row.length);
      tokens += row.length;
    };
    const fits = (length: number): boolean => {
      const padded = (batch.length + 1) * Math.max(longest, length);
      return padded <= maxTokens && padded - tokens - length <= maxPadding;
    };
    join(leader);
    for (const due of [Math.max(dueBy, leader.due), Number.POSITIVE_INFINITY]) {
      let [shorter, longer] = [Math.min(leader.length, this.longestClass), leader.length + 1];
      while (tokens < enough) {
        while (shorter > 0 && !this.has(shorter, due)) shorter--;
        while (longer <= this.longestClass && !this.has(longer, due)) longer++;
        const [canShorter, canLonger] = [shorter > 0 && fits(shorter), longer <= this.longestClass && fits(longer)];
        // What does not fit at one length fits no better farther from the leader's.
        if (canShorter && (!canLonger || leader.length - shorter <= longer - leader.length)) {
          join(this.queues[shorter]!.first!);
        } else if (canLonger) join(this.queues[longer]!.first!);
        else break;
      }
    }
    return batch;
  }

  private has(length: number, due: number): boolean {
    const first = this.queues[length]!.first;
    return first !== undefined && first.due <= due;
  }

  private earliest(): Row | undefined {
    let earliest: Row | undefined;
    for (const { first } of this.queues) {
      if (first !== undefined && (earliest === undefined || precedes(first, earliest))) earliest = first;
    }
    return earliest;
  }

  private queueOf({ length }: Row): DueQueue<Row> {
    return this.queues[Math.min(length, this.longestClass + 1)]!;
  }
}
