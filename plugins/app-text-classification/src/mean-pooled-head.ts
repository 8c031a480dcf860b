import { type EncoderConfig, type EncoderOutput, linear, type ModuleContext, maskedMean } from '@zooid/nn';
import type { Value } from '@zooid/onnx';

/** One linear layer, `classifier`, on the mean of the real tokens' states: logits `[batch, labels]`. */
export function meanPooledHead(
  context: ModuleContext,
  config: EncoderConfig,
  { lastHiddenState, attentionMask }: EncoderOutput,
  labels: number,
): Value {
  const mean = maskedMean(lastHiddenState, attentionMask.cast('float32').unsqueeze([2]), [1]);
  const classifier = context.child('classifier');
  const dropout = config.classifier_dropout ?? config.hidden_dropout_prob;
  return linear(classifier, classifier.dropout(mean, dropout), labels, { std: config.initializer_range });
}
