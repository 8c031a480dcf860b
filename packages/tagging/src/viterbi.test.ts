import { describe, expect, it } from 'vitest';
import { legalMoves } from './moves.js';
import { allSequences, normals, scoreOf } from './sequences.fixture.js';
import { TagSet } from './tag-set.js';
import { viterbi } from './viterbi.js';

const learned = (size: number, seed: number) => ({
  transitions: normals(size * size, seed),
  start: normals(size, seed + 1),
  end: normals(size, seed + 2),
});

describe('legal moves', () => {
  it.each([
    [TagSet.of(['X'], 'BIO'), [2, 5, 13, 34, 89]], // Fibonacci's, every second
    [TagSet.of(['X'], 'BIES'), [2, 5, 13, 34, 89]], // as many: the schemes say the same spans
    [new TagSet(['O', 'I-X']), [2, 4, 8, 16, 32]],
    [new TagSet(['NOUN', 'VERB', 'B-X', 'I-X']), [3, 10, 34, 116, 396]],
  ])('let through the sequences of %o and no other', (tagSet, counts) => {
    const moves = legalMoves(tagSet);
    counts.forEach((count, i) => {
      const emissions = new Float64Array((i + 1) * tagSet.size);
      const legal = allSequences(tagSet.size, i + 1).filter((tags) => scoreOf(tags, emissions, moves) === 0);
      expect(legal).toHaveLength(count);
    });
  });
});

describe('viterbi', () => {
  it.each([
    ['BIO', TagSet.of(['X', 'Y'], 'BIO')],
    ['BIES', TagSet.of(['X'], 'BIES')],
    ['IO', new TagSet(['O', 'X'])],
  ] as const)('finds the best of all legal sequences in %s, with learned steps and without', (_, tagSet) => {
    for (let seed = 0; seed < 20; seed++) {
      for (const length of [1, 2, 3, 5]) {
        const emissions = normals(length * tagSet.size, 100 * seed + length);
        for (const moves of [legalMoves(tagSet), legalMoves(tagSet, learned(tagSet.size, seed))]) {
          const best = Math.max(...allSequences(tagSet.size, length).map((tags) => scoreOf(tags, emissions, moves)));
          expect(scoreOf([...viterbi(emissions, moves)], emissions, moves)).toBeCloseTo(best, 10);
        }
      }
    }
  });

  it('turns an illegal best guess into the best legal one', () => {
    // Golden example of segmentation: argmax says E B M; S B E has the highest legal score, 3.4.
    const tagSet = new TagSet(['B-W', 'M-W', 'E-W', 'S-W']);
    const emissions = [0, 0, 2, 1, 1, 0, 0.2, 0.9, 0, 1.5, 1.4, 1];
    const path = viterbi(emissions, legalMoves(tagSet));
    expect(Array.from(path, (id) => tagSet.labels[id])).toEqual(['S-W', 'B-W', 'E-W']);
  });

  it('answers nothing with nothing', () => {
    expect(viterbi([], legalMoves(TagSet.of(['X'], 'BIO')))).toHaveLength(0);
  });
});
