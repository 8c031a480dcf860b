import { describe, expect, it } from 'vitest';
import { multiLabelScores } from './multi-label.js';

describe('multiLabelScores', () => {
  it('equals the multi-label example of scikit-learn f1_score', () => {
    // y_true = [[0,0,0],[1,1,1],[0,1,1]], y_pred = [[0,0,0],[1,1,1],[1,1,0]] as sets of columns.
    const { perLabel, micro, macro, exactMatch } = multiLabelScores(
      [[], ['0', '1', '2'], ['1', '2']],
      [[], ['0', '1', '2'], ['0', '1']],
    );
    expect(Object.values(perLabel).map(({ f1 }) => f1)).toEqual([2 / 3, 1, 2 / 3]);
    expect(micro.f1).toBeCloseTo((2 * 4) / (2 * 4 + 1 + 1), 12);
    expect(macro.f1).toBeCloseTo(7 / 9, 12);
    expect(exactMatch).toBeCloseTo(2 / 3, 12);
  });

  it('treats repeated labels as one and ignores their order', () => {
    const { exactMatch, micro } = multiLabelScores([['a', 'b']], [['b', 'a', 'a']]);
    expect(exactMatch).toBe(1);
    expect(micro.precision).toBe(1);
  });

  it('takes any iterable and refuses different lengths', () => {
    expect(multiLabelScores([new Set(['a'])], [new Set<string>()]).micro.recall).toBe(0);
    expect(() => multiLabelScores([['a']], [])).toThrow(/got 0/);
  });
});
