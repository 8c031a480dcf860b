import { describe, expect, it } from 'vitest';
import { wordBoundaryScores } from './word-boundaries.js';

describe('wordBoundaryScores', () => {
  it('equals counts made by hand', () => {
    // gold 我|来到|北京 has boundaries 1, 3; found 我|来|到|北京 has 1, 2, 3: 2 of 3 found are right, 2 of 2 are found.
    // gold 打开空调|明天 has 4; found 打开|空调明天 has 2: none is right. 好 has none, and none is found.
    const scores = wordBoundaryScores(
      [['我', '来到', '北京'], ['打开空调', '明天'], ['好']],
      [['我', '来', '到', '北京'], ['打开', '空调明天'], ['好']],
    );
    expect(scores).toEqual({ precision: 2 / 4, recall: 2 / 3, f1: 4 / 7, exactMatch: 1 / 3 });
  });

  it('has no precision without boundaries, and refuses segments of another text', () => {
    expect(wordBoundaryScores([['a', 'b']], [['ab']])).toEqual({ precision: 0, recall: 0, f1: 0, exactMatch: 0 });
    expect(() => wordBoundaryScores([['ab']], [['a', 'c']])).toThrow('/predicted/0 is of another text');
  });
});
