import type { Value } from '@zooid/onnx';
import { activations } from '../activation.js';
import type { EncoderConfig } from '../encoder/config.js';
import { type EncoderOutput, firstToken } from '../encoder/encoder.js';
import { encoderFamily } from '../families/registry.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

/**
 * The sequence classifier of the config's family, as Hugging Face's `…ForSequenceClassification` has it: on the pooled
 * output (BERT, ALBERT), or two layers on the first token's state (RoBERTa, DistilBERT, ELECTRA).
 *
 * @param labels how many
 * @returns logits `[batch, labels]`
 */
export function sequenceClassificationHead(
  context: ModuleContext,
  config: EncoderConfig,
  encoder: EncoderOutput,
  labels: number,
): Value {
  const { dense, output } = encoderFamily(config).sequenceClassifier;
  const std = config.initializer_range;
  const dropout = config.classifier_dropout ?? config.hidden_dropout_prob;
  let features: Value;
  if (dense === undefined) {
    features = encoder.pooledOutput();
  } else {
    const layer = context.child(dense.path);
    const first = firstToken(encoder.lastHiddenState);
    const input = dense.dropout ? layer.dropout(first, dropout) : first;
    features = activations[dense.activation](linear(layer, input, config.hidden_size, { std }));
  }
  const classifier = context.child(output);
  return linear(classifier, classifier.dropout(features, dropout), labels, { std });
}
