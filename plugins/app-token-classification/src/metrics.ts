import type { Metrics } from '@zooid/common';
import { spanScores } from '@zooid/metrics';
import type { TokenEntity } from '@zooid/spec';
import type { Entity } from './token-records.js';

/**
 * Precision, recall and F1 of entities, of all and of each type: one is right when start, end and type all agree
 * (CoNLL 2003). `f1` is over all entities, `macroF1` the mean over types.
 */
export function entityMetrics(
  answers: readonly (readonly TokenEntity[])[],
  examples: readonly { readonly entities: readonly Entity[] }[],
): Metrics {
  const { micro, macro, perLabel } = spanScores(
    examples.map(({ entities }) => entities),
    answers.map((answer) => answer.map(({ entity_group: type, start, end }) => ({ type, start, end }))),
  );
  const perType = Object.entries(perLabel).flatMap(([type, { f1, precision, recall }]) => [
    [`f1/${type}`, f1],
    [`precision/${type}`, precision],
    [`recall/${type}`, recall],
  ]);
  const { f1, precision, recall } = micro;
  return { f1, precision, recall, macroF1: macro.f1, ...Object.fromEntries(perType) };
}
