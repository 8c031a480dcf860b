import { Batcher, type Batching, type SubmitOptions } from '@zooid/batcher';
import type { Model } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import type { Featurizer, Row } from './features.js';
import type { Mode } from './options.js';
import { outputOf, type Reading, takeRow } from './reading.js';

/** Rows handed over together: enough for full batches of like lengths, and little memory. */
const ROWS_PER_SUBMISSION = 256;

/** A row on its way to the model, and where its answer belongs. */
export interface AskedRow extends Row {
  readonly reading: Reading;
}

/** Carries rows of all requests to the model in batches, and the answers into the readings of their texts. */
export class RowReader {
  private readonly batcher: Batcher<AskedRow, true>;

  constructor(
    private readonly model: Model,
    private readonly featurizer: Featurizer,
    private readonly modes: readonly Mode[],
    batching: Batching | undefined,
  ) {
    this.batcher = new Batcher({
      ...batching,
      run: (rows, { signal }) => this.read(rows, signal),
      lengthOf: ({ length }) => length,
      concurrency: model.concurrency,
    });
  }

  /** Reads rows as they come, some hundred at a time. @returns tokens of all of them */
  async readAll(rows: AsyncIterable<AskedRow>, context: SubmitOptions): Promise<number> {
    let options = context;
    let tokens = 0;
    let waiting: AskedRow[] = [];
    const submit = async () => {
      await this.batcher.submit(waiting, options);
      options = { ...options, onQueued: undefined }; // how long a request waited is told once
      waiting = [];
    };
    for await (const row of rows) {
      tokens += row.length;
      waiting.push(row);
      if (waiting.length >= ROWS_PER_SUBMISSION) await submit();
    }
    if (waiting.length > 0) await submit();
    return tokens;
  }

  private async read(rows: readonly AskedRow[], signal: AbortSignal): Promise<true[]> {
    const asked = this.modes.filter((mode) => rows.some(({ reading }) => reading[mode] !== undefined));
    const names = asked.map((mode) => outputOf[mode]);
    const outputs: TensorMap = await this.model.forward(this.featurizer.collate(rows), { signal, outputs: names });
    return rows.map((row, i) => {
      takeRow(row.reading, outputs, row, i);
      return true as const;
    });
  }
}
