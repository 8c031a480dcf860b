import type { Metrics } from '@zooid/common';
import { segmentationScores, wordBoundaryScores } from '@zooid/metrics';
import type { SegmentationExample } from './example.js';

/** Words by granularity, white space left out. */
export type WordsByGranularity = ReadonlyMap<string, readonly string[]>;
/** The words of the training texts by granularity; each granularity has its own. */
export type TrainingWords = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * `f1`, the mean of the granularities' word F1, and of each granularity `<name>F1`, `<name>Precision` and `<name>Recall` of
 * words, `<name>OovRecall`, `<name>IvRecall`, `<name>BoundaryPrecision`, `<name>BoundaryRecall`, `<name>BoundaryF1` and
 * `<name>ExactMatch`. What the examples hold nothing of has no score, and no word is known or unknown where those of
 * training are not at hand.
 */
export function segmentationMetrics(
  answers: readonly WordsByGranularity[],
  examples: readonly SegmentationExample[],
  granularities: readonly string[],
  trainingWords: TrainingWords,
): Metrics {
  const metrics: Record<string, number> = {};
  const f1s: number[] = [];
  for (const name of granularities) {
    const labelled = examples.flatMap(({ words }, i) => (words.has(name) && answers[i]!.has(name) ? [i] : []));
    if (labelled.length === 0) continue;
    const gold = labelled.map((i) => examples[i]!.words.get(name)!.map(withoutSpace));
    const found = labelled.map((i) => answers[i]!.get(name)!.map(withoutSpace));
    const known = trainingWords.get(name);
    const words = segmentationScores(gold, found, known ?? new Set());
    const boundaries = wordBoundaryScores(gold, found);
    f1s.push(words.f1);
    metrics[`${name}F1`] = words.f1;
    metrics[`${name}Precision`] = words.precision;
    metrics[`${name}Recall`] = words.recall;
    if (known !== undefined) {
      metrics[`${name}OovRecall`] = words.oovRecall;
      metrics[`${name}IvRecall`] = words.ivRecall;
    }
    metrics[`${name}BoundaryPrecision`] = boundaries.precision;
    metrics[`${name}BoundaryRecall`] = boundaries.recall;
    metrics[`${name}BoundaryF1`] = boundaries.f1;
    metrics[`${name}ExactMatch`] = boundaries.exactMatch;
  }
  const all = { f1: f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length, ...metrics };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => Number.isFinite(value)));
}

/** A word may hold white space that the other side sees between words: neither counts. */
export const withoutSpace = (word: string): string => word.replace(/\s+/gu, '');
