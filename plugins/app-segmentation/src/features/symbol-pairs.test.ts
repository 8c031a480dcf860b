import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { SymbolPairs } from './symbol-pairs.js';

describe('SymbolPairs', () => {
  it('says of every pair what a map says', () => {
    const random = new Random(1);
    const symbol = () => (random.bernoulli(0.8) ? 0x4e00 + random.int(300) : random.int(0x110005));
    const pairs = Array.from({ length: 5000 }, () => [symbol(), symbol()] as const);
    const expected = new Map(pairs.map(([left, right], i) => [`${left} ${right}`, i + 2]));
    const table = new SymbolPairs(pairs, 2);
    for (let round = 0; round < 20_000; round++) {
      const [left, right] = random.bernoulli(0.5) ? random.choice(pairs) : [symbol(), symbol()];
      expect(table.get(left, right, 1)).toBe(expected.get(`${left} ${right}`) ?? 1);
    }
  });

  it('knows the symbol 0, and nothing when it is empty', () => {
    expect(new SymbolPairs([[0, 0]], 7).get(0, 0, 1)).toBe(7);
    expect(new SymbolPairs([], 7).get(0, 0, 1)).toBe(1);
  });
});
