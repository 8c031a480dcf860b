import { describe, expect, it } from 'vitest';
import { marginals } from './marginals.js';
import { legalMoves } from './moves.js';
import { allSequences, normals, scoreOf } from './sequences.fixture.js';
import { TagSet } from './tag-set.js';

describe('marginals', () => {
  const tagSet = TagSet.of(['X', 'Y'], 'BIO');
  const { size } = tagSet;
  const moves = legalMoves(tagSet, {
    transitions: normals(size * size, 1),
    start: normals(size, 2),
    end: normals(size, 3),
  });

  it.each([1, 2, 4])('are sums over all legal sequences of length %i', (length) => {
    const emissions = normals(length * size, 10 + length);
    const expected = new Float64Array(length * size);
    let total = 0;
    for (const tags of allSequences(size, length)) {
      const weight = Math.exp(scoreOf(tags, emissions, moves));
      total += weight;
      tags.forEach((tag, i) => {
        expected[i * size + tag]! += weight;
      });
    }
    const found = marginals(emissions, moves);
    for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i]! / total, 10);
  });

  it('neither overflow nor vanish on long texts of sure scores', () => {
    const length = 2000;
    const emissions = normals(length * size, 5).map((x) => 200 * x);
    const found = marginals(emissions, moves);
    for (let at = 0; at < found.length; at += size) {
      expect(found.subarray(at, at + size).reduce((a, b) => a + b)).toBeCloseTo(1, 8);
    }
  });

  it('of nothing are nothing', () => expect(marginals([], moves)).toHaveLength(0));
});
