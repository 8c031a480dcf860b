import {
  bertEncoder,
  crossEntropy,
  type EncoderConfig,
  type ModuleContext,
  maskedLanguageModelHead,
  softCrossEntropy,
} from '@zooid/nn';
import type { BuiltModel } from '@zooid/trainer';
import { bagOfWordsScores } from './bag-of-words.js';

/** What an evaluation fetches besides the loss: the guessed token of every masked position, int64 `[guessed]`. */
export const guessesOutput = 'guesses';

/** Input of the second objective: a distribution over the vocabulary per row, `[batch, vocab]`. */
export const bagInput = 'bag_targets';

/**
 * The training model: the vocabulary's scores are computed at the masked positions only.
 *
 * @param bagWeight of the second objective, that the pooled first token tells the tokens of its row; 0: there is none
 */
export function maskedPositionsModel(context: ModuleContext, config: EncoderConfig, bagWeight = 0): BuiltModel {
  const encoder = bertEncoder(context, config);
  const { lastHiddenState } = encoder;
  const positions = context.input('masked_positions', 'int64', ['guessed']);
  const labels = context.input('labels', 'int64', ['guessed']);
  const states = lastHiddenState.reshape([-1, config.hidden_size]).gather(positions);
  const logits = maskedLanguageModelHead(context, config, states);
  const guesses = context.graph.emit('ArgMax', [logits], { axis: -1, keepdims: 0 })[0]!;
  const loss = crossEntropy(logits, labels, { ignoreIndex: null });
  if (bagWeight === 0) return { outputs: { [guessesOutput]: guesses }, loss };
  const targets = context.input(bagInput, 'float32', ['batch', config.vocab_size]);
  const bag = softCrossEntropy(bagOfWordsScores(context, config, encoder), targets);
  return { outputs: { [guessesOutput]: guesses }, loss: loss.add(bag.mul(bagWeight)) };
}

/** The model that is served: scores of the whole vocabulary at every position, `logits` `[batch, sequence, vocab]`. */
export function everyPositionModel(context: ModuleContext, config: EncoderConfig): BuiltModel {
  const { lastHiddenState } = bertEncoder(context, config);
  return { outputs: { logits: maskedLanguageModelHead(context, config, lastHiddenState) } };
}
