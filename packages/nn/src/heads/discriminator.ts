import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import type { EncoderConfig } from '../encoder/config.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

/**
 * ELECTRA's discriminator: tells of every token whether it was replaced. Parameters `discriminator_predictions.…`, as
 * in Hugging Face's `ElectraForPreTraining`.
 *
 * @param states `[batch, sequence, hidden]`
 * @returns logits `[batch, sequence]`; above 0 means replaced
 */
export function discriminatorHead(context: ModuleContext, config: EncoderConfig, states: Value): Value {
  const head = context.child('discriminator_predictions');
  const std = config.initializer_range;
  const dense = linear(head.child('dense'), states, config.hidden_size, { std });
  return linear(head.child('dense_prediction'), activations[config.hidden_act](dense), 1, { std }).squeeze([
    states.rank - 1,
  ]);
}
