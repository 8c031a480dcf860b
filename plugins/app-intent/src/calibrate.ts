import type { IntentAnswer } from './answer.js';
import type { IntentExample } from './example.js';

/**
 * Chooses the rejection threshold on validation answers: the one with the highest accuracy over all examples, the
 * fallback's included; the lowest such threshold wins ties, so that nothing is rejected without evidence.
 */
export function rejectionThreshold(
  answers: readonly IntentAnswer[],
  examples: readonly IntentExample[],
  fallback: string,
): number {
  const candidates = Array.from({ length: 100 }, (_, i) => i / 100);
  return bestOf(candidates, (threshold) =>
    answers.reduce((correct, { scores }, i) => {
      const best = scores[0]!;
      return correct + Number((best.score < threshold ? fallback : best.label) === examples[i]!.labels[0]);
    }, 0),
  );
}

/** Chooses the probability above which a label of a multi-label model holds: highest micro F1 on validation answers. */
export function labelThreshold(answers: readonly IntentAnswer[], examples: readonly IntentExample[]): number {
  const candidates = Array.from({ length: 17 }, (_, i) => (10 + 5 * i) / 100);
  return bestOf(candidates, (threshold) => {
    let hits = 0;
    let predicted = 0;
    let gold = 0;
    answers.forEach(({ scores }, i) => {
      const wanted = new Set(examples[i]!.labels);
      gold += wanted.size;
      for (const { label, score } of scores) {
        if (score < threshold) break;
        predicted++;
        if (wanted.has(label)) hits++;
      }
    });
    return (2 * hits) / Math.max(1, predicted + gold);
  });
}

function bestOf(candidates: readonly number[], score: (candidate: number) => number): number {
  let best = candidates[0]!;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const value = score(candidate);
    if (value > bestScore) [best, bestScore] = [candidate, value];
  }
  return best;
}
