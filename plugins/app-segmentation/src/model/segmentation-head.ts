import { crossEntropy, type EncoderOutput, layerNorm, linear, type ModuleContext, multiHeadAttention } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { SegmentationOptions } from '../options.js';
import { type SideShape, sideVectors } from './side-vectors.js';

export interface HeadShape {
  readonly options: SegmentationOptions;
  readonly granularities: number;
  /** Absent: the token is all that the model knows of a unit. */
  readonly sides: SideShape | undefined;
}

/**
 * Scores of B, M, E and S per position, and of the granularity by the state of its tag:
 *
 * ```
 * Fu = LN(H + σ(H Wqh + b Wqb + bq) ⊙ (b Wb + bb))   gated; linear: LN(W[H ; b]); add: LN(H + b Wb + bb)
 * Z  = LN(Fu + MHA(Fu))
 * Y  = gelu(Z W1 + b1) W2 + b2                        logits              [batch, sequence, 4]
 * G  = Z₁ Wt + bt                                     granularity_logits  [batch, granularities]
 * ```
 *
 * @see Ke et al. 2020, "Unified Multi-Criteria Chinese Word Segmentation with BERT"
 */
export function segmentationHead(
  context: ModuleContext,
  encoder: EncoderOutput,
  { options, granularities, sides }: HeadShape,
): Record<string, Value> {
  const fused = fuse(context, encoder, options, sides);
  const states = attend(context, encoder, fused, options);
  const width = states.shape.at(-1) as number;
  const inner = linear(context.child('decoder.dense'), context.dropout(states, options.headDropout), width).gelu();
  const logits = linear(context.child('decoder.output'), context.dropout(inner, options.headDropout), 4);
  if (options.granularityLoss === 0 || granularities < 2) return { logits };
  const tag = states.slice(1, 1, 2).squeeze([1]);
  return { logits, granularity_logits: linear(context.child('granularity'), tag, granularities) };
}

function fuse(
  context: ModuleContext,
  encoder: EncoderOutput,
  { fusion }: SegmentationOptions,
  sides: SideShape | undefined,
): Value {
  const hidden = encoder.lastHiddenState;
  if (sides === undefined) return hidden;
  const width = hidden.shape.at(-1) as number;
  const module = context.child('fusion');
  const vectors = sideVectors(context, encoder, sides);
  const norm = (x: Value) => layerNorm(module.child('LayerNorm'), x);
  if (fusion === 'linear') return norm(linear(module.child('dense'), hidden.concat([vectors], -1), width));
  const added = linear(module.child('dense'), vectors, width);
  if (fusion === 'add') return norm(hidden.add(added));
  const gate = linear(module.child('gate'), hidden.concat([vectors], -1), width).sigmoid();
  return norm(hidden.add(gate.mul(added)));
}

function attend(context: ModuleContext, encoder: EncoderOutput, fused: Value, { heads }: SegmentationOptions): Value {
  if (heads === 0) return fused;
  const mixed = multiHeadAttention(context.child('attention'), fused, fused, { heads, attnBias: encoder.attnBias });
  return layerNorm(context.child('attention.LayerNorm'), fused.add(mixed));
}

/** Mean cross entropy of `labels` `[batch, sequence]`, −100 where there is none, plus the weighted one of `granularity_labels` `[batch]`. */
export function segmentationLoss(
  context: ModuleContext,
  outputs: Readonly<Record<string, Value>>,
  { granularityLoss }: SegmentationOptions,
): Value {
  const labels = context.input('labels', 'int64', ['batch', 'sequence']);
  const loss = crossEntropy(outputs.logits!, labels);
  const told = outputs.granularity_logits;
  if (told === undefined) return loss;
  const granularity = context.input('granularity_labels', 'int64', ['batch']);
  return loss.add(crossEntropy(told, granularity, { ignoreIndex: null }).mul(granularityLoss));
}
