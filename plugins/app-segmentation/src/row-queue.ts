import type { Batcher, SubmitOptions } from '@zooid/batcher';
import type { Units } from '@zooid/tokenizers';
import { type Row, takeEmissions } from './features/featurizer.js';

/** Rows handed over together: enough for full batches of like lengths, and little memory. */
const ROWS_PER_SUBMISSION = 256;
const SUBMISSIONS_UNDER_WAY = 2;

/** Logits of a batch, flat, and the token in them that is the first of a row. */
export interface RowLogits {
  readonly logits: Float32Array;
  readonly from: number;
}

interface Waiting {
  readonly row: Row;
  readonly units: Units;
  readonly emissions: Float32Array;
}

/** Carries the rows of one request to the model, some hundreds at a time, and its answers into the emissions of their texts. */
export class RowQueue {
  private waiting: Waiting[] = [];
  private readonly underway: Promise<void>[] = [];
  private tokens = 0;

  constructor(
    private readonly batcher: Batcher<Row, RowLogits>,
    private readonly firstUnit: number,
    private options: SubmitOptions,
  ) {}

  /** Waits when enough is under way. @throws what the model threw on rows added before. */
  async add(row: Row, units: Units, emissions: Float32Array): Promise<void> {
    this.tokens += row.length;
    this.waiting.push({ row, units, emissions });
    if (this.waiting.length >= ROWS_PER_SUBMISSION) await this.submit();
  }

  /** Waits for all answers. @returns tokens of all rows. */
  async finish(): Promise<number> {
    await this.submit();
    await Promise.all(this.underway);
    return this.tokens;
  }

  /** Two are under way at a time: the model goes from one to the next without a pause while a third is made. */
  private async submit(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    if (this.underway.length >= SUBMISSIONS_UNDER_WAY) await this.underway.shift();
    const answered = this.batcher.submit(
      rows.map(({ row }) => row),
      this.options,
    );
    // How long a request waited is told once.
    this.options = { ...this.options, onQueued: undefined };
    const taken = answered.then((answers) => {
      for (const [i, { row, units, emissions }] of rows.entries()) {
        const { logits, from } = answers[i]!;
        takeEmissions(emissions, units, row.features, { logits, from: from + this.firstUnit });
      }
    });
    taken.catch(() => {}); // awaited by a later submission, or at the end
    this.underway.push(taken);
  }
}
