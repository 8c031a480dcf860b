import type { LabelScore } from '@zooid/spec';
import { type HostTensor, toFloat32 } from '@zooid/tensor';
import type { OutputFunction } from './dto.js';

/** One row of logits as labels with scores, best first; equal scores in the order of the labels. */
export function labelScores(logits: Float32Array, labels: readonly string[], fn: OutputFunction): LabelScore[] {
  const scores = activations[fn](logits);
  return labels.map((label, i) => ({ label, score: scores[i]! })).sort((a, b) => b.score - a.score);
}

/** Rows of `logits` `[batch, labels]`. */
export function decodeLogits(logits: HostTensor, labels: readonly string[], fn: OutputFunction): LabelScore[][] {
  const width = labels.length;
  const data = toFloat32(logits);
  return Array.from({ length: logits.dims[0]! }, (_, row) =>
    labelScores(data.subarray(row * width, (row + 1) * width), labels, fn),
  );
}

const activations: Readonly<Record<OutputFunction, (logits: Float32Array) => Float32Array>> = {
  none: (logits) => logits,
  sigmoid: (logits) => logits.map((x) => 1 / (1 + Math.exp(-x))),
  softmax(logits) {
    const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const exps = Float64Array.from(logits, (x) => Math.exp(x - max));
    const total = exps.reduce((a, b) => a + b, 0);
    return Float32Array.from(exps, (x) => x / total);
  },
};

/** The labels of a multi-label answer that hold. */
export function labelsThatHold(
  answer: readonly LabelScore[],
  thresholdOf: ReadonlyMap<string, number>,
): readonly LabelScore[] {
  return answer.filter(({ label, score }) => score >= (thresholdOf.get(label) ?? 0.5));
}
