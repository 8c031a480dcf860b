import { describe, expect, it } from 'vitest';
import { pearsonCorrelation, rocAuc, spearmanCorrelation } from './ranking.js';

describe('rocAuc', () => {
  it('equals the example of scikit-learn roc_auc_score', () => {
    expect(rocAuc([false, false, true, true], [0.1, 0.4, 0.35, 0.8])).toBe(0.75);
  });

  it('equals the share of pairs in the right order, ties counting half', () => {
    const gold = Array.from({ length: 60 }, (_, i) => (i * 7) % 11 < 4);
    const scores = gold.map((positive, i) => ((i * 13) % 9) / 9 + (positive ? 0.2 : 0));
    let wins = 0;
    let pairs = 0;
    for (const [i, a] of scores.entries()) {
      for (const [k, b] of scores.entries()) {
        if (!gold[i] || gold[k]) continue;
        pairs++;
        wins += a > b ? 1 : a === b ? 0.5 : 0;
      }
    }
    expect(rocAuc(gold, scores)).toBeCloseTo(wins / pairs, 12);
  });

  it('is NaN when a class is missing', () => {
    expect(rocAuc([true, true], [0.1, 0.2])).toBeNaN();
  });
});

describe('correlations', () => {
  it('equal the example of scipy pearsonr', () => {
    expect(pearsonCorrelation([1, 2, 3, 4, 5], [10, 9, 2.5, 6, 4])).toBeCloseTo(-0.7426106572325056, 14);
  });

  it('equal the example of scipy spearmanr, which has a tie', () => {
    expect(spearmanCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 14);
  });

  it('see any rising function as rank correlation 1, and nothing in a constant', () => {
    expect(spearmanCorrelation([1, 2, 3, 4], [1, 8, 27, 64])).toBeCloseTo(1, 12);
    expect(pearsonCorrelation([1, 2, 3, 4], [1, 8, 27, 64])).toBeLessThan(1);
    expect(pearsonCorrelation([1, 2], [3, 3])).toBeNaN();
  });
});
