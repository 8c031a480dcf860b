import { AbortError, type Metrics } from '@zooid/common';
import type { TrainingSession } from '@zooid/runtime';
import type { Random } from '@zooid/tensor';
import { guessesOutput } from './masked-lm.js';
import { type MaskingContext, maskBlocks } from './masking.js';
import type { PretrainOptions } from './options.js';
import type { TokenStore } from './token-store.js';

export interface EvaluateOptions {
  readonly session: TrainingSession;
  readonly program: string;
  /** Name of the program's loss output. */
  readonly loss: string;
  readonly store: TokenStore;
  readonly options: PretrainOptions;
  readonly masking: MaskingContext;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Held-out loss, perplexity and accuracy at masked positions, over blocks spread evenly through the validation text,
 * masked the same way at every evaluation.
 */
export async function evaluateMasked(options: EvaluateOptions): Promise<Metrics> {
  const { session, program, store, masking, random, signal } = options;
  const { blockLength, batchSize, evaluateBlocks } = options.options;
  const tokens = blockLength - 2;
  const available = Math.floor(store.length / tokens);
  const count = Math.min(available, evaluateBlocks);
  let lossSum = 0;
  let right = 0;
  let guessed = 0;
  for (let first = 0; first < count; first += batchSize) {
    AbortError.throwIfAborted(signal);
    const blocks = Array.from({ length: Math.min(batchSize, count - first) }, (_, i) =>
      store.read(Math.floor(((first + i) * available) / count) * tokens, tokens),
    );
    const feeds = maskBlocks(blocks, random.fork('evaluate', first), masking);
    const outputs = await session.evaluate(program, feeds, [options.loss, guessesOutput]);
    const labels = feeds.labels!.data as BigInt64Array;
    const guesses = outputs[guessesOutput]!.data as BigInt64Array;
    lossSum += Number(outputs[options.loss]!.data[0]) * labels.length;
    labels.forEach((label, i) => {
      if (guesses[i] === label) right++;
    });
    guessed += labels.length;
  }
  const loss = lossSum / guessed;
  return { accuracy: right / guessed, loss, perplexity: Math.exp(loss) };
}
