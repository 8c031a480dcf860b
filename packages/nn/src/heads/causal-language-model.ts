import type { Value } from '@zooid/onnx';
import type { Gpt2Config } from '../gpt2/config.js';
import type { ModuleContext } from '../module-context.js';
import { vocabularyScores } from './vocabulary-scores.js';

/**
 * GPT-2's language-model head: the product of every state with the word table, as in Hugging Face's
 * `GPT2LMHeadModel`. The logits of a token are for the one after it.
 *
 * @param states `[..., n_embd]`, any leading axes
 * @returns logits `[..., vocab]`
 */
export function causalLanguageModelHead(context: ModuleContext, config: Gpt2Config, states: Value): Value {
  return vocabularyScores(context, states, {
    table: 'transformer.wte',
    decoder: 'lm_head',
    vocab: config.vocab_size,
    tied: config.tie_word_embeddings,
    std: config.initializer_range,
  });
}
