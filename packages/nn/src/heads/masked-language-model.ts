import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import type { EncoderConfig } from '../bert/config.js';
import { normal, zeros } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

/**
 * BERT's masked-language-model head: a transform (dense, activation, LayerNorm), then scores against every row of the
 * word table, which it shares with the embeddings, plus a bias. Parameters as in Hugging Face's `BertForMaskedLM`:
 * `cls.predictions.…`.
 *
 * The product with the vocabulary is most of the cost of pre-training: gather the masked positions first and pass only
 * those.
 *
 * @param states `[..., hidden]`, any leading axes
 * @returns logits `[..., vocab]`
 */
export function maskedLanguageModelHead(context: ModuleContext, config: EncoderConfig, states: Value): Value {
  const { hidden_size: width, initializer_range: std } = config;
  const predictions = context.child('cls').child('predictions');
  const transform = predictions.child('transform');
  const dense = activations[config.hidden_act](linear(transform.child('dense'), states, width, { std }));
  const transformed = layerNorm(transform.child('LayerNorm'), dense, config.layer_norm_eps);
  const table = context
    .child('bert.embeddings.word_embeddings')
    .parameter('weight', [config.vocab_size, width], normal(std));
  return transformed.matmul(table.swapLastTwo()).add(predictions.parameter('bias', [config.vocab_size], zeros));
}
