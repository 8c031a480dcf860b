import { createSchedule } from '@zooid/optim';
import type { Random } from '@zooid/tensor';
import type { MicroBatch, ProgramSource } from '@zooid/trainer';
import { type MaskingContext, maskBlocks } from './masking.js';
import type { PretrainOptions } from './options.js';
import type { TokenRun, TokenStore } from './token-store.js';

export interface BlockSourceOptions {
  readonly store: TokenStore;
  readonly program: string;
  readonly options: PretrainOptions;
  readonly masking: MaskingContext;
  readonly learningRate: number;
  readonly random: Random;
}

/**
 * Shuffled blocks of a corpus, masked anew every time. Each pass cuts the corpus at other places, so that a token is
 * not always at the same end of its block. Every draw comes from the seed, the pass and the step: any step can be
 * planned without the ones before it.
 *
 * @throws RangeError when the corpus is shorter than one batch.
 */
export function blockSource({
  store,
  program,
  options,
  masking,
  learningRate,
  random,
}: BlockSourceOptions): ProgramSource {
  const { batchSize, accumulate, maxSteps, warmup } = options;
  const tokens = options.blockLength - 2;
  const perStep = batchSize * accumulate;
  // One block less than fit, so that a pass may start up to a block later.
  const stepsPerPass = Math.floor((Math.floor(store.length / tokens) - 1) / perStep);
  if (stepsPerPass < 1) {
    throw new RangeError(
      `The corpus has ${store.length} tokens, fewer than one batch of ${perStep} blocks of ${tokens}; give more text or lower batchSize`,
    );
  }
  const rise = warmup < 1 ? { warmupRatio: warmup } : { warmupSteps: Math.min(Math.round(warmup), maxSteps) };
  const schedule = createSchedule({ kind: options.schedule, totalSteps: maxSteps, ...rise });
  let shuffled: { readonly pass: number; readonly order: Uint32Array; readonly offset: number } | undefined;
  const blockAt = (pass: number, index: number): TokenRun => {
    if (shuffled?.pass !== pass) {
      const order = Uint32Array.from({ length: Math.floor(store.length / tokens) - 1 }, (_, i) => i);
      const offset = random.fork('offset', pass).int(tokens);
      shuffled = { pass, order: random.fork('order', pass).shuffle(order), offset };
    }
    return store.read(shuffled.order[index]! * tokens + shuffled.offset, tokens);
  };

  return {
    totalSteps: maxSteps,
    epochEnds: [
      ...Array.from({ length: Math.floor((maxSteps - 1) / stepsPerPass) }, (_, pass) => (pass + 1) * stepsPerPass),
      maxSteps,
    ],
    plan(step) {
      const pass = Math.floor((step - 1) / stepsPerPass);
      const first = ((step - 1) % stepsPerPass) * perStep;
      const microBatches = Array.from({ length: accumulate }, (_, i): MicroBatch => {
        const blocks = Array.from({ length: batchSize }, (_, row) => blockAt(pass, first + i * batchSize + row));
        const feeds = maskBlocks(blocks, random.fork('mask', step, i), masking);
        return { program, feeds, weight: 1, tokens: batchSize * options.blockLength };
      });
      const rate = schedule(step - 1) * learningRate; // schedules count updates already made
      return { epoch: pass, microBatches, learningRates: { default: rate } };
    },
  };
}
