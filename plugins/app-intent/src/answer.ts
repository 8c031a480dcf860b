import type { IntentConfig } from './intent-config.js';

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** A slot found in the text: `[start, end)` in UTF-16 units. */
export interface AnswerSlot {
  readonly type: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The same offsets in code points, when asked for. */
  readonly codePoints?: readonly [number, number];
}

export interface IntentAnswer {
  readonly intent: string;
  /** Probability of `intent`; when the fallback answers because nothing was likely enough, of the best label. */
  readonly score: number;
  /** Every label with its probability, best first (the app trims to `topK`). */
  readonly scores: readonly LabelScore[];
  /** Labels above the threshold, for multi-label models only. */
  readonly intents?: readonly string[];
  /** Those of the lexicons and, where the model predicts them, what it tags elsewhere. */
  readonly slots?: readonly AnswerSlot[];
}

/** Turns one row of logits into an answer: softmax and rejection, or sigmoid and threshold. */
export function answerOf(
  logits: Float32Array,
  { options, labels, threshold }: Pick<IntentConfig, 'options' | 'labels' | 'threshold'>,
): IntentAnswer {
  const probabilities = options.multiLabel ? logits.map((x) => 1 / (1 + Math.exp(-x))) : softmax(logits);
  const scores = labels.map((label, i) => ({ label, score: probabilities[i]! })).sort((a, b) => b.score - a.score);
  const best = scores[0]!;
  if (options.multiLabel) {
    const intents = scores.filter(({ score }) => score >= threshold).map(({ label }) => label);
    return { intent: best.label, score: best.score, scores, intents };
  }
  const { fallback } = options.rejection;
  const intent = fallback !== undefined && best.score < threshold ? fallback : best.label;
  return { intent, score: best.score, scores };
}

function softmax(logits: Float32Array): Float32Array {
  const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exps = logits.map((x) => Math.exp(x - max));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / total);
}
