import type { Value } from '@zooid/onnx';
import type { EncoderConfig } from '../encoder/config.js';
import { encoderFamily } from '../families/registry.js';
import type { ModuleContext } from '../module-context.js';
import { classificationHead } from './classification.js';

/**
 * The token classifier that all families share: dropout and the linear layer `classifier` on every state.
 *
 * @param states `[batch, sequence, hidden]`
 * @param labels how many
 * @returns logits `[batch, sequence, labels]`
 */
export function tokenClassificationHead(
  context: ModuleContext,
  config: EncoderConfig,
  states: Value,
  labels: number,
): Value {
  const dropout =
    encoderFamily(config).tokenClassifierDropout?.(config) ?? config.classifier_dropout ?? config.hidden_dropout_prob;
  return classificationHead(context, states, { labels, dropout, std: config.initializer_range });
}
