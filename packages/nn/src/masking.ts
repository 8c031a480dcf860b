import type { Value } from '@zooid/onnx';

/**
 * Added to scores that must not be attended to. Not -∞: float16 tops out at 65504, and a row that is masked throughout
 * must stay finite. `exp(-1e4)` is exactly 0 in float32 and float16.
 */
export const MASKED_SCORE = -1e4;

/**
 * The additive attention bias that hides padding keys.
 *
 * @param attentionMask int64 or float32 `[batch, key]`, 1 = token, 0 = padding
 * @returns float32 `[batch, 1, 1, key]`: 0 or {@link MASKED_SCORE}
 */
export function paddingBias(attentionMask: Value): Value {
  return attentionMask.cast('float32').sub(1).mul(-MASKED_SCORE).unsqueeze([1, 2]);
}

/**
 * The additive attention bias that hides from every token those after it.
 *
 * @param tokens `[batch, sequence]`; only its length is used
 * @returns float32 `[1, 1, sequence, sequence]`: {@link MASKED_SCORE} above the diagonal, 0 elsewhere
 */
export function causalBias(tokens: Value): Value {
  const { graph } = tokens;
  const length = tokens.shape[1]!;
  const masked = graph.scalar(MASKED_SCORE).expand([1, 1, length, length]);
  return graph.emit('Trilu', [masked, graph.scalar(1, 'int64')], { upper: 1 })[0]!;
}
