import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import { type EncoderConfig, embeddingWidth } from '../encoder/config.js';
import { encoderFamily } from '../families/registry.js';
import { zeros } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import { vocabularyScores } from './vocabulary-scores.js';

/**
 * The masked-language-model head of the config's family: a transform (dense, activation, LayerNorm), then scores
 * against every row of the word table, which it shares with the embeddings, plus a bias. Parameters as in Hugging
 * Face's `BertForMaskedLM` (`cls.predictions.…`) and its sisters; ELECTRA's is the generator's.
 *
 * The product with the vocabulary is most of the cost of pre-training: gather the masked positions first and pass only
 * those.
 *
 * @param states `[..., hidden]`, any leading axes
 * @returns logits `[..., vocab]`
 */
export function maskedLanguageModelHead(context: ModuleContext, config: EncoderConfig, states: Value): Value {
  const { prefix, vocabularyHead: names } = encoderFamily(config);
  const activation = activations[names.activation ?? config.hidden_act];
  const dense = linear(context.child(names.dense), states, embeddingWidth(config), { std: config.initializer_range });
  const transformed = layerNorm(context.child(names.layerNorm), activation(dense), config.layer_norm_eps);
  const scores = vocabularyScores(context, transformed, {
    table: `${prefix}.embeddings.word_embeddings`,
    decoder: names.decoder,
    vocab: config.vocab_size,
    tied: config.tie_word_embeddings ?? true,
    std: config.initializer_range,
  });
  return scores.add(context.parameter(names.bias, [config.vocab_size], zeros));
}
