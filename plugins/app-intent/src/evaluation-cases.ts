import type { EvaluationCase, LabelledSpan, LabelScore } from '@zooid/spec';
import { CodePoints } from '@zooid/tokenizers';
import type { IntentAnswer } from './answer.js';
import type { GoldSlot, IntentExample } from './example.js';
import type { IntentOptions } from './options.js';

/** The intents of each example beside those of its answer and, of models that predict slots, the slots likewise. */
export function* intentCases(
  answers: readonly IntentAnswer[],
  examples: readonly IntentExample[],
  { multiLabel, slots: slotMode }: Pick<IntentOptions, 'multiLabel' | 'slots'>,
): Generator<EvaluationCase> {
  const groups = slotMode === 'predict';
  for (const [index, { text, labels, slots }] of examples.entries()) {
    const answer = answers[index]!;
    const answered = multiLabel ? intentsThatHold(answer) : [{ label: answer.intent, score: answer.score }];
    yield { kind: 'labels', index, ...(groups && { group: 'intent' }), text, expected: labels, answered };
    if (!groups) continue;
    yield {
      kind: 'spans',
      index,
      group: 'slot',
      text,
      expected: spansOf(text, slots),
      answered: (answer.slots ?? []).map(({ type: label, start, end }) => ({ start, end, label })),
    };
  }
}

const intentsThatHold = ({ intents = [], scores }: IntentAnswer): LabelScore[] =>
  scores.filter(({ label }) => intents.includes(label));

function spansOf(text: string, slots: readonly GoldSlot[]): LabelledSpan[] {
  const points = new CodePoints(text);
  return slots
    .map(({ type: label, start, end }) => ({ start: points.toUtf16(start), end: points.toUtf16(end), label }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}
