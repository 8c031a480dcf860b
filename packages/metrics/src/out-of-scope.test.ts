import { describe, expect, it } from 'vitest';
import { outOfScopeScores } from './out-of-scope.js';

describe('outOfScopeScores', () => {
  it('equals counts made by hand', () => {
    const gold = ['pay', 'pay', 'call', 'call', 'oos', 'oos', 'oos'];
    const found = ['pay', 'oos', 'call', 'pay', 'oos', 'oos', 'call'];
    expect(outOfScopeScores(gold, found, 'oos')).toEqual({
      inScopeAccuracy: 2 / 4,
      outOfScopeRecall: 2 / 3,
      outOfScopePrecision: 2 / 3,
      outOfScopeF1: 4 / 6,
    });
  });

  it('does not take a wrong label for a rejection', () => {
    const { outOfScopeRecall, outOfScopePrecision } = outOfScopeScores(['oos'], ['pay'], 'oos');
    expect(outOfScopeRecall).toBe(0);
    expect(outOfScopePrecision).toBe(0);
  });

  it('is NaN where there is nothing to measure', () => {
    expect(outOfScopeScores(['pay'], ['pay'], 'oos').outOfScopeRecall).toBeNaN();
  });
});
