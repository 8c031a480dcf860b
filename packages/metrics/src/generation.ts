import type { PrecisionRecallF1 } from './counts.js';
import { ratio } from './counts.js';
import { assertSameLength } from './same-length.js';

export interface BleuOptions {
  /** Longest n-gram. Default 4. */
  readonly order?: number;
  /**
   * What an order without any match counts as. `none`: 0, so the score is 0 (Papineni et al.); `exponential`: 1/2, 1/4, …
   * matches for the first such order, the second, … (the default of sacreBLEU). Default `none`.
   */
  readonly smoothing?: 'none' | 'exponential';
}

export interface BleuScores {
  /** In [0, 1]; multiply by 100 for the usual figure. */
  readonly bleu: number;
  /** Clipped precision of 1-grams, 2-grams, … */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
}

/**
 * Corpus BLEU over tokens. Counts are summed over the corpus before dividing; the reference length is the one closest
 * to the hypothesis, the shorter on a tie.
 *
 * @param references one or more per hypothesis.
 * @see Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation"
 */
export function corpusBleu(
  references: readonly (readonly (readonly string[])[])[],
  hypotheses: readonly (readonly string[])[],
  options: BleuOptions = {},
): BleuScores {
  assertSameLength('BLEU', references, hypotheses);
  const { order = 4, smoothing = 'none' } = options;
  const matches = new Array<number>(order).fill(0);
  const totals = new Array<number>(order).fill(0);
  let hypothesisLength = 0;
  let referenceLength = 0;
  for (const [i, hypothesis] of hypotheses.entries()) {
    hypothesisLength += hypothesis.length;
    referenceLength += closestLength(references[i]!, hypothesis.length);
    for (let n = 1; n <= order; n++) {
      const found = nGrams(hypothesis, n);
      const allowed = references[i]!.map((reference) => nGrams(reference, n));
      for (const [gram, count] of found) {
        matches[n - 1]! += Math.min(count, Math.max(0, ...allowed.map((grams) => grams.get(gram) ?? 0)));
      }
      totals[n - 1]! += Math.max(0, hypothesis.length - n + 1);
    }
  }
  let halvings = 0;
  const precisions = matches.map((count, n) => {
    if (count > 0 || smoothing === 'none' || totals[n] === 0) return ratio(count, totals[n]!);
    halvings++;
    return 2 ** -halvings / totals[n]!;
  });
  const brevityPenalty =
    hypothesisLength >= referenceLength
      ? 1
      : hypothesisLength === 0
        ? 0
        : Math.exp(1 - referenceLength / hypothesisLength);
  const meanLog = precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / order;
  return { bleu: brevityPenalty * Math.exp(meanLog), precisions, brevityPenalty };
}

/**
 * ROUGE-L of one text: precision, recall and F1 of the longest common subsequence of tokens.
 *
 * @see Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", §3 (β = 1, as in Google's rouge_score)
 */
export function rougeL(reference: readonly string[], hypothesis: readonly string[]): PrecisionRecallF1 {
  const common = longestCommonSubsequence(reference, hypothesis);
  return {
    precision: ratio(common, hypothesis.length),
    recall: ratio(common, reference.length),
    f1: ratio(2 * common, reference.length + hypothesis.length),
  };
}

/**
 * Distinct n-grams over all texts, divided by all n-grams; 0 when there are none.
 *
 * @see Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models" (who divide by tokens)
 */
export function distinctN(texts: readonly (readonly string[])[], n: number): number {
  const seen = new Set<string>();
  let total = 0;
  for (const tokens of texts) {
    for (const gram of nGrams(tokens, n).keys()) seen.add(gram);
    total += Math.max(0, tokens.length - n + 1);
  }
  return ratio(seen.size, total);
}

function nGrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    // JSON keeps tokens that contain the separator apart.
    const gram = n === 1 ? tokens[i]! : JSON.stringify(tokens.slice(i, i + n));
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

function closestLength(references: readonly (readonly string[])[], length: number): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b);
  return lengths.reduce(
    (best, next) => (Math.abs(next - length) < Math.abs(best - length) ? next : best),
    lengths[0] ?? 0,
  );
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Uint32Array(b.length + 1);
  for (const token of a) {
    const current = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) {
      current[j + 1] = token === b[j] ? previous[j]! + 1 : Math.max(previous[j + 1]!, current[j]!);
    }
    previous = current;
  }
  return previous[b.length]!;
}
