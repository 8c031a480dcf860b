import type { LabelScore } from '@zooid/spec';
import type { ClassifiedExample } from './example.js';

/** Nearest to one half first, so that ties go to the threshold that needs least evidence. */
const candidates = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8].map((step) => (50 + 5 * step) / 100);
/** A threshold of its own needs this many examples with the label: fewer would be chance. */
const enough = 10;

/**
 * Chooses the probabilities from which on labels hold, on validation answers: the one with the highest micro F1 over
 * all labels, or per label the one with its highest F1 where the label is frequent enough.
 *
 * @returns one per label, in the order of `labels`.
 */
export function chooseThresholds(
  answers: readonly (readonly LabelScore[])[],
  examples: readonly ClassifiedExample[],
  labels: readonly string[],
  mode: 'shared' | 'per-label',
): number[] {
  const scores = new Map(labels.map((label) => [label, { hits: [] as number[], misses: [] as number[] }]));
  answers.forEach((answer, i) => {
    const gold = new Set(examples[i]!.labels);
    for (const { label, score } of answer) scores.get(label)![gold.has(label) ? 'hits' : 'misses'].push(score);
  });
  const all = [...scores.values()];
  const shared = bestThreshold(
    all.flatMap(({ hits }) => hits),
    all.flatMap(({ misses }) => misses),
  );
  if (mode === 'shared') return labels.map(() => shared);
  return all.map(({ hits, misses }) => (hits.length < enough ? shared : bestThreshold(hits, misses)));
}

/** The candidate with the highest F1, `2·TP / (2·TP + FP + FN)`. */
function bestThreshold(hits: readonly number[], misses: readonly number[]): number {
  let best = candidates[0]!;
  let bestF1 = -1;
  for (const candidate of candidates) {
    const found = hits.filter((score) => score >= candidate).length;
    const wrong = misses.filter((score) => score >= candidate).length;
    const f1 = (2 * found) / Math.max(1, found + wrong + hits.length);
    if (f1 > bestF1) [best, bestF1] = [candidate, f1];
  }
  return best;
}
