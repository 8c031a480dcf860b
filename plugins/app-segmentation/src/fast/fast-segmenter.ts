import { Batcher, type SubmitOptions } from '@zooid/batcher';
import type { Model, OpenContext } from '@zooid/spec';
import type { SegmentationOptions } from '../options.js';
import { type FastModel, readFastModel } from './fast-config.js';
import { reachOf } from './pair-convolution.js';
import { type RowScores, ScoreQueue } from './score-queue.js';
import { Tape, type TapeRow } from './tape.js';

/** Enough that the message to a worker costs little, and few enough for the caches that the network works in. */
const UNITS_PER_BATCH = 2048;

/** What is wanted of the texts of one request. */
export interface QueueOptions extends SubmitOptions {
  readonly wanted: readonly string[];
  /** UTF-16 units of each text. */
  readonly lengths: readonly number[];
}

/**
 * The fast network at work. What goes through it together is packed into one row, with as much padding between as the network
 * sees, so that nothing is lost to different lengths.
 */
export class FastSegmenter {
  /** Units to either side that the network sees. */
  private readonly reach: number;
  private readonly batcher: Batcher<TapeRow, RowScores>;

  private constructor(
    private readonly model: Model,
    private readonly network: FastModel,
    { batching }: OpenContext,
  ) {
    this.reach = reachOf(network.options.fast.kernels);
    this.batcher = new Batcher({
      ...batching,
      // Packed rows of any lengths go together.
      maxTokens: UNITS_PER_BATCH,
      maxPadding: UNITS_PER_BATCH,
      ahead: 1,
      run: (rows, { signal }) => this.run(rows, signal),
      lengthOf: ({ characters }) => characters.length + this.reach,
      concurrency: model.concurrency,
    });
  }

  get options(): SegmentationOptions {
    return this.network.options;
  }

  /** In the order of its scores. */
  get granularities(): readonly string[] {
    return this.network.granularities;
  }

  /** @throws ValidationError when the folder was not made by this app, or a file is missing or damaged. */
  static async open(model: Model, context: OpenContext): Promise<FastSegmenter> {
    const { folder, config } = model.artifacts;
    return new FastSegmenter(model, await readFastModel(folder, config), context);
  }

  /** Scores the texts of one request, at the granularities that are wanted. */
  queue({ wanted, lengths, ...options }: QueueOptions): ScoreQueue {
    const { reach, network } = this;
    let { onQueued } = options;
    return new ScoreQueue({
      vocabulary: network.vocabulary,
      granularities: network.granularities,
      wanted,
      reach,
      rowUnits: UNITS_PER_BATCH - reach,
      expected: lengths.reduce((sum, length) => sum + length + reach, 0),
      answer: (rows) => {
        const submitted = this.batcher.submit(rows, { ...options, onQueued });
        onQueued = undefined; // how long a request waited is told once
        return submitted;
      },
    });
  }

  private async run(rows: readonly TapeRow[], signal: AbortSignal): Promise<RowScores[]> {
    const { row, starts } = pack(rows, this.reach);
    const dims = [1, row.characters.length];
    const inputs = {
      input_ids: { dtype: 'int64', dims, data: row.characters as BigInt64Array<ArrayBuffer> },
      pair_ids: { dtype: 'int64', dims, data: row.pairs as BigInt64Array<ArrayBuffer> },
    } as const;
    const { logits } = await this.model.forward(inputs, { signal, outputs: ['logits'] });
    const scores = logits!.data as Float32Array;
    return starts.map((from) => ({ scores, from }));
  }
}

/** Rows in one; a row alone is taken as it is. */
function pack(rows: readonly TapeRow[], reach: number): { readonly row: TapeRow; readonly starts: readonly number[] } {
  const [only] = rows;
  if (rows.length === 1) return { row: only!, starts: [0] };
  const tape = new Tape(rows.reduce((sum, { characters }) => sum + characters.length + reach, 0));
  const starts = rows.map((row) => {
    const at = tape.next(reach);
    tape.copy(row, at);
    return at;
  });
  return { row: tape.row(0, tape.length), starts };
}
