import type { Batcher, SubmitOptions } from '@zooid/batcher';
import { type Row, takeEmissions } from './features/featurizer.js';
import type { Units } from './text/units.js';

/** Rows handed over together: enough for full batches of like lengths, and little memory. */
const ROWS_PER_SUBMISSION = 256;

interface Waiting {
  readonly row: Row;
  readonly units: Units;
  readonly emissions: Float32Array;
}

/** Carries the rows of one request to the model, some hundreds at a time, and its answers into the emissions of their texts. */
export class RowQueue {
  private waiting: Waiting[] = [];
  private underway: Promise<void> = Promise.resolve();
  private tokens = 0;

  constructor(
    private readonly batcher: Batcher<Row, Float32Array>,
    private readonly firstUnit: number,
    private readonly options: SubmitOptions,
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
    await this.underway;
    return this.tokens;
  }

  /** Hands over what waits once the submission before the last one is answered: one runs while the next is made. */
  private async submit(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    await this.underway;
    this.underway = this.batcher
      .submit(
        rows.map(({ row }) => row),
        this.options,
      )
      .then((answers) => {
        for (const [i, { row, units, emissions }] of rows.entries()) {
          takeEmissions(emissions, units, row.features, { logits: answers[i]!, from: this.firstUnit });
        }
      });
    this.underway.catch(() => {}); // awaited by the next submission, or at the end
  }
}
