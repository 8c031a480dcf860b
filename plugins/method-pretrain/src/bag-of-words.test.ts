import { describe, expect, it } from 'vitest';
import { BagOfWords } from './bag-of-words.js';
import type { TokenRun, TokenStore } from './token-store.js';

const run = (ids: number[]): TokenRun => ({ ids: Int32Array.from(ids), starts: new Uint8Array(ids.length).fill(1) });

/** A corpus in memory. */
function corpus(ids: readonly number[]): TokenStore {
  return {
    length: ids.length,
    read: (from: number, count: number) => run(ids.slice(from, from + count)),
  } as unknown as TokenStore;
}

// Of 4000 tokens: token 5 is a tenth, a hundred times the share that counts fully; the others are rarer than that share.
const ids = Array.from({ length: 4000 }, (_, i) => (i % 10 === 0 ? 5 : 6 + (i % 2000)));
const bag = BagOfWords.of(corpus(ids), 2010, new Set([0, 1, 2, 3, 4]));

describe('BagOfWords', () => {
  it('spreads one over the distinct tokens of a block, frequent ones counting less', () => {
    const { dims, data } = bag.targets([run([5, 7, 7, 8]), run([9])]);
    expect(dims).toEqual([2, 2010]);
    const row = data.subarray(0, 2010);
    const frequent = Math.sqrt(1e-3 / 0.1);
    expect(row[5]).toBeCloseTo(frequent / (2 + frequent), 6);
    expect(row[7]).toBeCloseTo(1 / (2 + frequent), 6);
    expect(row[8]).toBe(row[7]);
    expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(data[2010 + 9]).toBe(1);
  });

  it('leaves special tokens out, and asks nothing of a block that has no others', () => {
    const { data } = bag.targets([run([3, 7, 3]), run([3, 3])]);
    expect([data[3], data[7]]).toEqual([0, 1]);
    expect(data.subarray(2010).every((share) => share === 0)).toBe(true);
  });
});
