import { crossEntropy, type EncoderOutput, linear, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';

/** Scores of B, M, E and S of every granularity, beside each other: `logits` `[batch, sequence, granularities · 4]`. */
export function fastHead(
  context: ModuleContext,
  { lastHiddenState }: EncoderOutput,
  granularities: number,
): Record<string, Value> {
  return { logits: linear(context.child('output'), lastHiddenState, 4 * granularities) };
}

/** Mean cross entropy of `labels` `[batch, sequence, granularities]`, −100 where there is none. */
export function fastLoss(context: ModuleContext, logits: Value, granularities: number): Value {
  const [batch, sequence] = logits.shape;
  const labels = context.input('labels', 'int64', ['batch', 'sequence', granularities]);
  return crossEntropy(logits.reshape([batch!, sequence!, granularities, 4]), labels);
}
