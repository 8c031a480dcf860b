import type { LabelledSpan, SpansCase, TokenEntity } from '@zooid/spec';
import type { TaggedText } from './token-records.js';

/** The spans of each example beside those of its answer. */
export function* entityCases(
  answers: readonly (readonly TokenEntity[])[],
  examples: readonly TaggedText[],
): Generator<SpansCase> {
  for (const [index, { text, entities }] of examples.entries()) {
    const expected = entities
      .map(({ type: label, start, end }): LabelledSpan => ({ start, end, label }))
      .sort((a, b) => a.start - b.start || a.end - b.end);
    const answered = answers[index]!.map(({ entity_group: label, start, end }) => ({ start, end, label }));
    yield { kind: 'spans', index, text, expected, answered };
  }
}
