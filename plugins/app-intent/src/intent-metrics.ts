import { classificationScores, multiLabelScores, outOfScopeScores, spanScores } from '@zooid/metrics';
import { CodePoints } from '@zooid/tokenizers';
import type { IntentAnswer } from './answer.js';
import type { IntentExample } from './example.js';
import type { IntentOptions } from './options.js';

/**
 * Single label: accuracy and macro F1; with a fallback intent also the accuracy on in-scope texts, and recall and
 * precision of the fallback. Multi-label: micro F1 and exact match of label sets. Of models that predict slots also F1,
 * precision and recall of the answers' slots (right when start, end and type agree).
 */
export function intentMetrics(
  answers: readonly IntentAnswer[],
  examples: readonly IntentExample[],
  options: Pick<IntentOptions, 'multiLabel' | 'rejection' | 'slots'>,
): Record<string, number> {
  const metrics = labelMetrics(answers, examples, options);
  return options.slots === 'predict' ? { ...metrics, ...slotMetrics(answers, examples) } : metrics;
}

function slotMetrics(answers: readonly IntentAnswer[], examples: readonly IntentExample[]): Record<string, number> {
  const gold = examples.map(({ text, slots }) => {
    const points = new CodePoints(text);
    return slots.map(({ type, start, end }) => ({ type, start: points.toUtf16(start), end: points.toUtf16(end) }));
  });
  const { f1, precision, recall } = spanScores(
    gold,
    answers.map(({ slots = [] }) => slots),
  ).micro;
  return { slotF1: f1, slotPrecision: precision, slotRecall: recall };
}

function labelMetrics(
  answers: readonly IntentAnswer[],
  examples: readonly IntentExample[],
  { multiLabel, rejection }: Pick<IntentOptions, 'multiLabel' | 'rejection'>,
): Record<string, number> {
  if (multiLabel) {
    const scores = multiLabelScores(
      examples.map(({ labels }) => labels),
      answers.map(({ intents }) => intents ?? []),
    );
    return { microF1: scores.micro.f1, macroF1: scores.macro.f1, exactMatch: scores.exactMatch };
  }
  const gold = examples.map(({ labels }) => labels[0]!);
  const predicted = answers.map(({ intent }) => intent);
  const { accuracy, macro } = classificationScores(gold, predicted);
  const { fallback } = rejection;
  if (fallback === undefined) return { accuracy, macroF1: macro.f1 };
  const { inScopeAccuracy, outOfScopeRecall, outOfScopePrecision } = outOfScopeScores(gold, predicted, fallback);
  const scores = { accuracy, macroF1: macro.f1, inScopeAccuracy, outOfScopeRecall, outOfScopePrecision };
  // What the examples hold nothing of has no score: recall of the fallback where no text is out of scope.
  return Object.fromEntries(Object.entries(scores).filter(([, value]) => !Number.isNaN(value)));
}
