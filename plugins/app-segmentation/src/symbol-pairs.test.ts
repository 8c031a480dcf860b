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

  it('finds all that it holds of many different pairs, and nothing else', () => {
    const random = new Random(5);
    const known = new Map<string, number>();
    const pairs: [number, number][] = [];
    while (pairs.length < 5000) {
      const pair: [number, number] = [random.int(65_536), 1 + random.int(65_535)];
      if (known.has(pair.join())) continue;
      known.set(pair.join(), 7 + pairs.length);
      pairs.push(pair);
    }
    const table = new SymbolPairs(pairs, 7);
    for (const [left, right] of pairs) expect(table.get(left, right, -1)).toBe(known.get([left, right].join()));
    for (let i = 0; i < 5000; i++) {
      const [left, right] = [random.int(65_536), 1 + random.int(65_535)];
      expect(table.get(left, right, -1)).toBe(known.get([left, right].join()) ?? -1);
    }
  });

  it('knows the symbol 0, and nothing when it is empty', () => {
    expect(new SymbolPairs([[0, 0]], 7).get(0, 0, 1)).toBe(7);
    expect(new SymbolPairs([], 7).get(0, 0, 1)).toBe(1);
    expect(new SymbolPairs([], 2).get(1, 2, 9)).toBe(9);
  });
});
