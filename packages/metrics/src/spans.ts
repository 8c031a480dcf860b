import { type AveragedScores, averaged, type Counts, countsOf } from './counts.js';
import { assertSameLength } from './same-length.js';

/** A typed stretch of text, `[start, end)`; any unit, the same on both sides. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/**
 * Scores of entity or slot spans: one is right when start, end and type all agree (CoNLL 2003). Each position holds the
 * spans of one text, as a set; `perLabel` is by type.
 */
export function spanScores(
  gold: readonly (readonly Span[])[],
  predicted: readonly (readonly Span[])[],
): AveragedScores {
  assertSameLength('span scores', gold, predicted);
  const counts = new Map<string, Counts>();
  for (const [i, spans] of gold.entries()) {
    const expected = byIdentity(spans);
    const found = byIdentity(predicted[i]!);
    for (const [identity, { type }] of expected) {
      if (found.has(identity)) countsOf(counts, type).truePositives++;
      else countsOf(counts, type).falseNegatives++;
    }
    for (const [identity, { type }] of found) if (!expected.has(identity)) countsOf(counts, type).falsePositives++;
  }
  return averaged(counts);
}

const byIdentity = (spans: readonly Span[]): ReadonlyMap<string, Span> =>
  new Map(spans.map((span) => [`${span.start}:${span.end}:${span.type}`, span]));
