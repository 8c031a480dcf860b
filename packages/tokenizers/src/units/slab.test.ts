import { describe, expect, it } from 'vitest';
import { Slab } from './slab.js';

describe('Slab', () => {
  it('gives zeroed arrays of any length that share nothing', () => {
    const slab = new Slab();
    const lengths = [0, 1, 3, 5, 700, 9000, 2, 300_000, 7];
    const arrays = lengths.flatMap((length) => [slab.int32(length), slab.uint8(length)]);
    expect(arrays.map(({ length }) => length)).toEqual(lengths.flatMap((length) => [length, length]));
    expect(arrays.every((array) => array.every((value) => value === 0))).toBe(true);
    for (const [i, array] of arrays.entries()) array.fill(i + 1);
    expect(arrays.every((array, i) => array.every((value) => value === i + 1))).toBe(true);
  });

  it('takes little memory for little, and few blocks for many', () => {
    const slab = new Slab();
    expect(slab.uint8(10).buffer.byteLength).toBeLessThanOrEqual(1024);
    const blocks = new Set(Array.from({ length: 2000 }, () => slab.int32(100).buffer));
    expect(blocks.size).toBeLessThan(20);
  });
});
