import type { Metrics } from '@zooid/common';
import { classificationScores, multiLabelScores } from '@zooid/metrics';
import type { LabelScore } from '@zooid/spec';
import { labelsThatHold } from './answer.js';
import type { ClassifierConfig } from './classifier-config.js';
import type { ClassifiedExample } from './example.js';

/**
 * One label per text: accuracy and macro F1; with a positive label also its precision, recall and F1. Several: micro and
 * macro F1 of the labels that hold, and exact match of label sets.
 */
export function classificationMetrics(
  answers: readonly (readonly LabelScore[])[],
  examples: readonly ClassifiedExample[],
  { labels, multiLabel, thresholds, options }: ClassifierConfig,
): Metrics {
  if (multiLabel) {
    const thresholdOf = new Map(labels.map((label, i) => [label, thresholds[i]!]));
    const { micro, macro, exactMatch } = multiLabelScores(
      examples.map((example) => example.labels),
      answers.map((answer) => labelsThatHold(answer, thresholdOf).map(({ label }) => label)),
    );
    return { microF1: micro.f1, macroF1: macro.f1, exactMatch };
  }
  const { accuracy, macro, perLabel } = classificationScores(
    examples.map((example) => example.labels[0]!),
    answers.map((answer) => answer[0]!.label),
  );
  const positive = options?.positiveLabel;
  if (positive === undefined) return { accuracy, macroF1: macro.f1 };
  const { f1 = 0, precision = 0, recall = 0 } = Object.hasOwn(perLabel, positive) ? perLabel[positive]! : {};
  return { accuracy, macroF1: macro.f1, f1, precision, recall };
}
