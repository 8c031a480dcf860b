import { type AveragedScores, averaged, type Counts, countsOf } from './counts.js';
import { assertSameLength } from './same-length.js';

export interface MultiLabelScores extends AveragedScores {
  /** Share of positions whose label sets are equal; NaN for none. Also called subset accuracy. */
  readonly exactMatch: number;
}

/** Scores of label sets, one set per position; repeated labels count once. */
export function multiLabelScores(
  gold: readonly Iterable<string>[],
  predicted: readonly Iterable<string>[],
): MultiLabelScores {
  assertSameLength('multi-label scores', gold, predicted);
  const counts = new Map<string, Counts>();
  let exact = 0;
  for (const [i, labels] of gold.entries()) {
    const expected = new Set(labels);
    const found = new Set(predicted[i]!);
    let hits = 0;
    for (const label of expected) {
      if (found.has(label)) {
        hits++;
        countsOf(counts, label).truePositives++;
      } else {
        countsOf(counts, label).falseNegatives++;
      }
    }
    for (const label of found) if (!expected.has(label)) countsOf(counts, label).falsePositives++;
    if (hits === expected.size && hits === found.size) exact++;
  }
  return { exactMatch: exact / gold.length, ...averaged(counts) };
}
