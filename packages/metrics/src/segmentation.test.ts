import { describe, expect, it } from 'vitest';
import { segmentationScores } from './segmentation.js';

describe('segmentationScores', () => {
  it('equals counts made by hand', () => {
    // gold 我|来到|北京|清华大学, found 我|来到|北京|清华|大学: 3 of 5 found are right, 3 of 4 gold are found.
    // gold 他|来, found 他来: none right. 清华大学 and 他 are unknown; neither is found.
    const scores = segmentationScores(
      [
        ['我', '来到', '北京', '清华大学'],
        ['他', '来'],
      ],
      [['我', '来到', '北京', '清华', '大学'], ['他来']],
      new Set(['我', '来到', '北京', '来']),
    );
    expect(scores).toEqual({
      precision: 3 / 6,
      recall: 3 / 6,
      f1: 6 / 12,
      oovRecall: 0,
      ivRecall: 3 / 4,
      oovRate: 2 / 6,
    });
  });

  it('counts unknown words that are found', () => {
    const scores = segmentationScores([['听', '说不出的秘密']], [['听', '说不出的秘密']], new Set(['听']));
    expect(scores.oovRecall).toBe(1);
    expect(segmentationScores([['听']], [['听']], new Set(['听'])).oovRecall).toBeNaN();
  });

  it('refuses words of another text', () => {
    expect(() => segmentationScores([['ab']], [['a', 'c']], new Set())).toThrow('/predicted/0 is of another text');
  });
});
