import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { shuffled, splitByFraction } from './split.js';

const examples = Array.from({ length: 997 }, (_, i) => ({
  id: i,
  label: i % 10 === 0 ? 'rare' : i % 3 === 0 ? 'some' : 'common',
}));
const fractions = { train: 0.8, validation: 0.13, test: 0.07 };

describe('splitByFraction', () => {
  it('puts every example into exactly one split, in the original order', () => {
    const splits = splitByFraction(examples, fractions, new Random(1));
    const ids = Object.values(splits).flatMap((split) => split.map(({ id }) => id));
    expect([...ids].sort((a, b) => a - b)).toEqual(examples.map(({ id }) => id));
    for (const split of Object.values(splits)) {
      expect(split).toEqual([...split].sort((a, b) => a.id - b.id));
    }
  });

  it('comes within one example of the fractions', () => {
    const { train, validation, test } = splitByFraction(examples, fractions, new Random(1));
    for (const [split, fraction] of [
      [train, 0.8],
      [validation, 0.13],
      [test, 0.07],
    ] as const) {
      expect(Math.abs(split.length - 997 * fraction)).toBeLessThan(1);
    }
  });

  it('divides each class in these fractions too when stratified', () => {
    const splits = splitByFraction(examples, fractions, new Random(1), { stratifyBy: ({ label }) => label });
    for (const label of ['rare', 'some', 'common']) {
      const size = examples.filter((example) => example.label === label).length;
      for (const [name, fraction] of Object.entries(fractions)) {
        const found = splits[name as keyof typeof fractions].filter((example) => example.label === label).length;
        expect(Math.abs(found - size * fraction), `${label} in ${name}`).toBeLessThan(2);
      }
    }
    expect(Math.abs(splits.test.length - 997 * 0.07)).toBeLessThan(1.5);
  });

  it('keeps totals right when every class has one example', () => {
    const singles = Array.from({ length: 100 }, (_, i) => i);
    const splits = splitByFraction(singles, fractions, new Random(1), { stratifyBy: (i) => i });
    expect(Object.values(splits).map((split) => split.length)).toEqual([80, 13, 7]);
  });

  it('depends on the seed alone', () => {
    const ids = (seed: number) => splitByFraction(examples, fractions, new Random(seed)).test.map(({ id }) => id);
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });

  it('refuses fractions that do not add up', () => {
    expect(() => splitByFraction([1], { train: 0.8, test: 0.1 }, new Random(1))).toThrow(/add up to 1/);
    expect(() => splitByFraction([1], { train: 1.1, test: -0.1 }, new Random(1))).toThrow(/at least 0/);
  });
});

describe('shuffled', () => {
  it('returns a permutation and leaves its argument alone', () => {
    const items = Object.freeze([1, 2, 3, 4, 5, 6, 7, 8]);
    const result = shuffled(items, new Random(3));
    expect(result).not.toEqual(items);
    expect([...result].sort()).toEqual(items);
  });
});
