import { expect, it } from 'vitest';
import { WorstCases } from './worst-cases.js';

it('keeps the lowest scores, then more mistakes, then the first, and makes nothing of the others', () => {
  const worst = new WorstCases(3);
  const shown: number[] = [];
  const offer = (index: number, score: number, mistakes: number) =>
    worst.offer({ index, score, mistakes }, () => {
      shown.push(index);
      return { origin: `f:${index}`, expected: [], answered: [] };
    });
  offer(0, 0.5, 1);
  offer(1, 0.9, 1);
  offer(2, 0.5, 2);
  offer(3, 0.5, 1);
  offer(4, 0.95, 9);
  offer(5, 0, 1);
  expect(worst.list(10).map(({ index }) => index)).toEqual([5, 2, 0]);
  expect(worst.list(1)).toEqual([{ index: 5, score: 0, mistakes: 1, origin: 'f:5', expected: [], answered: [] }]);
  expect(shown).toEqual([0, 1, 2, 3, 5]);
});
