import { scheduleOf } from '@zooid/method-kit';
import type { Random } from '@zooid/tensor';
import type { MicroBatch, ProgramSource } from '@zooid/trainer';
import type { BagOfWords } from './bag-of-words.js';
import { BlockOrder } from './block-order.js';
import { bagInput } from './masked-lm.js';
import { type MaskingContext, maskBlocks } from './masking.js';
import type { PretrainOptions } from './options.js';
import type { TokenStore } from './token-store.js';

export interface BlockSourceOptions {
  readonly store: TokenStore;
  readonly program: string;
  readonly options: PretrainOptions;
  readonly masking: MaskingContext;
  /** Where the program has that objective. */
  readonly bag?: BagOfWords | undefined;
  readonly learningRate: number;
  readonly random: Random;
}

/** A stretch of steps with blocks of one length. */
interface Phase {
  readonly name: string;
  /** 1-based step it starts with. */
  readonly first: number;
  readonly blockLength: number;
  /** Blocks in a batch: shorter ones are more, so that a batch has as many tokens. */
  readonly rows: number;
  readonly order: BlockOrder;
}

/**
 * Shuffled blocks of a corpus, masked anew every time; short blocks first, where the options say so. Every draw comes
 * from the seed, the phase and the step: any step can be planned without the ones before it.
 *
 * @throws RangeError when the corpus is shorter than one batch.
 */
export function blockSource(request: BlockSourceOptions): ProgramSource {
  const { program, options, masking, bag, learningRate, random } = request;
  const { accumulate, maxSteps } = options;
  const schedule = scheduleOf(options, maxSteps);
  const phases = phasesOf(request);

  const microBatch = (phase: Phase, step: number, i: number): MicroBatch => {
    const first = ((step - phase.first) * accumulate + i) * phase.rows;
    const blocks = Array.from({ length: phase.rows }, (_, row) => phase.order.block(first + row));
    const masked = maskBlocks(blocks, random.fork('mask', step, i), masking);
    const feeds = bag === undefined ? masked : { ...masked, [bagInput]: bag.targets(blocks) };
    return { program, feeds, weight: 1, tokens: phase.rows * phase.blockLength };
  };
  return {
    totalSteps: maxSteps,
    epochEnds: [...phases.slice(1).map(({ first }) => first - 1), maxSteps],
    plan(step) {
      const epoch = phases.findLastIndex(({ first }) => first <= step);
      return {
        epoch,
        microBatches: Array.from({ length: accumulate }, (_, i) => microBatch(phases[epoch]!, step, i)),
        learningRates: { default: schedule(step - 1) * learningRate }, // schedules count updates already made
      };
    },
  };
}

function phasesOf({ store, options, random }: BlockSourceOptions): Phase[] {
  const { batchSize, blockLength, shortBlocks, maxSteps } = options;
  const phase = (name: string, first: number, length: number, rows: number): Phase => {
    const order = new BlockOrder(store, length - 2, random.fork(name));
    if (order.perPass < rows) {
      throw new RangeError(
        `The corpus has ${store.length} tokens, fewer than one batch of ${rows} blocks of ${length - 2}; give more text or lower batchSize`,
      );
    }
    return { name, first, blockLength: length, rows, order };
  };
  const shortSteps = shortBlocks === undefined ? 0 : Math.floor(shortBlocks.share * maxSteps);
  const long = phase('blocks', shortSteps + 1, blockLength, batchSize);
  if (shortBlocks === undefined || shortSteps === 0) return [long];
  const rows = Math.max(1, Math.round((batchSize * blockLength) / shortBlocks.length));
  return [phase('short blocks', 1, shortBlocks.length, rows), long];
}
