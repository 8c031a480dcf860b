import { bertEncoder, crossEntropy, type EncoderConfig, type ModuleContext, maskedLanguageModelHead } from '@zooid/nn';
import type { BuiltModel } from '@zooid/trainer';

/** What an evaluation fetches besides the loss: the guessed token of every masked position, int64 `[guessed]`. */
export const guessesOutput = 'guesses';

/** The training model: the vocabulary's scores are computed at the masked positions only. */
export function maskedPositionsModel(context: ModuleContext, config: EncoderConfig): BuiltModel {
  const { lastHiddenState } = bertEncoder(context, config);
  const positions = context.input('masked_positions', 'int64', ['guessed']);
  const labels = context.input('labels', 'int64', ['guessed']);
  const states = lastHiddenState.reshape([-1, config.hidden_size]).gather(positions);
  const logits = maskedLanguageModelHead(context, config, states);
  const guesses = context.graph.emit('ArgMax', [logits], { axis: -1, keepdims: 0 })[0]!;
  return { outputs: { [guessesOutput]: guesses }, loss: crossEntropy(logits, labels, { ignoreIndex: null }) };
}

/** The model that is served: scores of the whole vocabulary at every position, `logits` `[batch, sequence, vocab]`. */
export function everyPositionModel(context: ModuleContext, config: EncoderConfig): BuiltModel {
  const { lastHiddenState } = bertEncoder(context, config);
  return { outputs: { logits: maskedLanguageModelHead(context, config, lastHiddenState) } };
}
