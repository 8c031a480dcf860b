import { describe, expect, it } from 'vitest';
import { accuracy, classificationScores, confusionMatrix, matthewsCorrelation } from './classification.js';

const labels = (...values: (string | number)[]): string[] => values.map(String);

describe('accuracy', () => {
  it('is the share of equal positions', () => {
    expect(accuracy([1, 2, 3, 4], [1, 2, 0, 0])).toBe(0.5);
    expect(accuracy(['a'], ['a'])).toBe(1);
    expect(accuracy([], [])).toBeNaN();
  });

  it('refuses sides of different length', () => {
    expect(() => accuracy([1, 2], [1])).toThrow('accuracy: /predicted must be as many as the gold ones (2), got 1');
  });
});

describe('classificationScores', () => {
  it('equals the example of scikit-learn classification_report', () => {
    const { accuracy, macro, micro, weighted, perLabel } = classificationScores(
      labels(0, 1, 2, 2, 2),
      labels(0, 0, 2, 2, 1),
    );
    // The documentation prints two digits; the fractions behind them follow from the definitions.
    expect(perLabel).toEqual({
      0: { precision: 1 / 2, recall: 1, f1: 2 / 3, support: 1 },
      1: { precision: 0, recall: 0, f1: 0, support: 1 },
      2: { precision: 1, recall: 2 / 3, f1: 4 / 5, support: 3 },
    });
    expect(accuracy).toBe(0.6);
    expect(micro).toEqual({ precision: 0.6, recall: 0.6, f1: 0.6 });
    expect(macro.precision).toBeCloseTo(0.5, 12);
    expect(macro.recall).toBeCloseTo(5 / 9, 12);
    expect(macro.f1).toBeCloseTo((2 / 3 + 4 / 5) / 3, 12);
    expect(weighted.precision).toBeCloseTo(0.7, 12);
    expect(weighted.recall).toBeCloseTo(0.6, 12);
    expect(weighted.f1).toBeCloseTo((2 / 3 + (3 * 4) / 5) / 5, 12);
  });

  it('equals the example of scikit-learn f1_score', () => {
    const { macro, micro, weighted, perLabel } = classificationScores(
      labels(0, 1, 2, 0, 1, 2),
      labels(0, 2, 1, 0, 0, 1),
    );
    expect(macro.f1).toBeCloseTo(0.26666666, 7);
    expect(micro.f1).toBeCloseTo(0.33333333, 7);
    expect(weighted.f1).toBeCloseTo(0.26666666, 7);
    expect(perLabel['0']!.f1).toBeCloseTo(0.8, 12);
  });

  it('counts labels that were only predicted', () => {
    const { macro, perLabel } = classificationScores(['a', 'a'], ['a', 'b']);
    expect(perLabel.b).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
    expect(macro.recall).toBe(0.25);
  });
});

describe('confusionMatrix', () => {
  it('equals the example of scikit-learn confusion_matrix', () => {
    const gold = ['cat', 'ant', 'cat', 'cat', 'ant', 'bird'];
    const predicted = ['ant', 'ant', 'cat', 'cat', 'ant', 'cat'];
    expect(confusionMatrix(gold, predicted)).toEqual({
      labels: ['ant', 'bird', 'cat'],
      counts: [
        [2, 0, 0],
        [0, 0, 1],
        [1, 0, 2],
      ],
    });
  });

  it('keeps the given order and appends what it does not name', () => {
    expect(confusionMatrix(['b', 'a'], ['b', 'c'], ['z', 'b'])).toEqual({
      labels: ['z', 'b', 'a', 'c'],
      counts: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 0],
      ],
    });
  });
});

describe('matthewsCorrelation', () => {
  it('equals the example of scikit-learn matthews_corrcoef', () => {
    expect(matthewsCorrelation(labels(1, 1, 1, -1), labels(1, -1, 1, 1))).toBeCloseTo(-1 / 3, 12);
  });

  it('equals the two-class formula from its counts', () => {
    // 6 true and 3 false positives, 1 false and 2 true negatives.
    const gold = [...Array(6).fill('p'), ...Array(3).fill('n'), 'p', 'n', 'n'] as string[];
    const predicted = [...Array(9).fill('p'), 'n', 'n', 'n'] as string[];
    expect(matthewsCorrelation(gold, predicted)).toBeCloseTo((6 * 2 - 3 * 1) / Math.sqrt(9 * 7 * 5 * 3), 12);
  });

  it('is 1 for three labels all right and 0 when one side is constant', () => {
    expect(matthewsCorrelation(['a', 'b', 'c'], ['a', 'b', 'c'])).toBeCloseTo(1, 12);
    expect(matthewsCorrelation(['a', 'b', 'c'], ['a', 'a', 'a'])).toBe(0);
  });
});
