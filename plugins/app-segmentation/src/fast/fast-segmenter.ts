import { Batcher, type SubmitOptions } from '@zooid/batcher';
import type { Model, OpenContext } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import type { SegmentationOptions } from '../options.js';
import type { Chunk } from './chunks.js';
import { type FastModel, readFastModel } from './fast-config.js';
import { characterRow, type FastVocabulary, pairRow, type UnitRows } from './fast-vocabulary.js';
import { lowHalves } from './low-halves.js';
import { reachOf } from './pair-convolution.js';
import { ScoreQueue } from './score-queue.js';

/** As many as stay in a core's cache while the network works on them. */
const UNITS_PER_BATCH = 1024;

/** A stretch of one text. */
export interface Row {
  readonly rows: UnitRows;
  readonly chunk: Chunk;
}

/** Scores of a batch, and the unit in them at which those of a row begin. */
export interface Answer {
  readonly scores: Float32Array;
  readonly from: number;
}

/**
 * The fast network at work. The rows of a batch are packed into one, with as much padding between them as the network sees,
 * so that nothing is lost to their different lengths.
 */
export class FastSegmenter {
  readonly options: SegmentationOptions;
  readonly granularities: readonly string[];
  readonly vocabulary: FastVocabulary;
  /** Units to either side that the network sees. */
  readonly reach: number;
  /** Units of a long text's rows, besides what they share. */
  readonly rowUnits: number;
  private readonly batcher: Batcher<Row, Answer>;

  private constructor(
    private readonly model: Model,
    { granularities, vocabulary, options }: FastModel,
    { batching }: OpenContext,
  ) {
    this.options = options;
    this.granularities = granularities;
    this.vocabulary = vocabulary;
    this.reach = reachOf(options.fast.kernels);
    this.rowUnits = UNITS_PER_BATCH - 3 * this.reach;
    this.batcher = new Batcher({
      ...batching,
      // Packed rows of any lengths go together.
      maxTokens: UNITS_PER_BATCH,
      maxPadding: UNITS_PER_BATCH,
      ahead: 1,
      run: (rows, { signal }) => this.run(rows, signal),
      lengthOf: ({ chunk }) => chunk.end - chunk.start + this.reach,
      concurrency: model.concurrency,
    });
  }

  /** @throws ValidationError when the folder was not made by this app, or a file is missing or damaged. */
  static async open(model: Model, context: OpenContext): Promise<FastSegmenter> {
    const { folder, config } = model.artifacts;
    return new FastSegmenter(model, await readFastModel(folder, config), context);
  }

  /** Scores the texts of one request, at the granularities that are wanted. */
  queue(wanted: readonly string[], options: SubmitOptions): ScoreQueue {
    return new ScoreQueue(this, wanted, (rows) => this.batcher.submit(rows, options));
  }

  private async run(rows: readonly Row[], signal: AbortSignal): Promise<Answer[]> {
    const { inputs, starts } = pack(rows, this.reach);
    const { logits } = await this.model.forward(inputs, { signal, outputs: ['logits'] });
    const scores = logits!.data as Float32Array;
    return starts.map((from) => ({ scores, from }));
  }
}

function pack(rows: readonly Row[], reach: number): { readonly inputs: TensorMap; readonly starts: readonly number[] } {
  const total = rows.reduce((sum, { chunk }) => sum + chunk.end - chunk.start + reach, -reach);
  const dims = [1, total];
  const ids = lowHalves(new BigInt64Array(total).fill(BigInt(characterRow.padding)));
  const pairs = lowHalves(new BigInt64Array(total).fill(BigInt(pairRow.padding)));
  const starts: number[] = [];
  let at = 0;
  for (const { rows: of, chunk } of rows) {
    starts.push(at);
    ids.set(of.characters, chunk.start, chunk.end, at);
    pairs.set(of.pairs, chunk.start, chunk.end, at);
    at += chunk.end - chunk.start + reach;
  }
  return {
    inputs: {
      input_ids: { dtype: 'int64', dims, data: ids.target },
      pair_ids: { dtype: 'int64', dims, data: pairs.target },
    },
    starts,
  };
}
