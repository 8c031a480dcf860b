import type { Value } from '@zooid/onnx';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

export interface HeadOptions {
  /** Number of labels. */
  readonly labels: number;
  /** Dropout rate before the layer; default 0. */
  readonly dropout?: number;
  /** Standard deviation of the initial weight; default 0.02. */
  readonly std?: number;
}

/**
 * Dropout and one linear layer `classifier`, as Hugging Face's `ForSequenceClassification` (on the pooled output) and
 * `ForTokenClassification` (on the last hidden state) have it.
 *
 * @param features `[..., in]`
 * @returns logits `[..., labels]`
 */
export function classificationHead(context: ModuleContext, features: Value, options: HeadOptions): Value {
  const head = context.child('classifier');
  const dropped = head.dropout(features, options.dropout ?? 0);
  return linear(head, dropped, options.labels, options.std === undefined ? {} : { std: options.std });
}
