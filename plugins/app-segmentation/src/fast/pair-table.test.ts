import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { PairTable } from './pair-table.js';

describe('PairTable', () => {
  it('finds what it holds and nothing else, as a map does', () => {
    const random = new Random(5);
    const known = new Map<string, number>();
    const pairs: [number, number][] = [];
    while (pairs.length < 5000) {
      const pair: [number, number] = [random.int(65_536), 1 + random.int(65_535)];
      if (known.has(pair.join())) continue;
      known.set(pair.join(), 7 + pairs.length);
      pairs.push(pair);
    }
    const table = new PairTable(pairs, 7);
    for (const [left, right] of pairs) expect(table.get(left, right, -1)).toBe(known.get([left, right].join()));
    for (let i = 0; i < 5000; i++) {
      const [left, right] = [random.int(65_536), 1 + random.int(65_535)];
      expect(table.get(left, right, -1)).toBe(known.get([left, right].join()) ?? -1);
    }
  });

  it('may be empty', () => {
    expect(new PairTable([], 2).get(1, 2, 9)).toBe(9);
  });
});
