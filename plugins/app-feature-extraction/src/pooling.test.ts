import { describe, expect, it } from 'vitest';
import { type Pooling, pool, rowsOf, unitVector } from './pooling.js';

/** Three tokens of two features, and a fourth row that belongs to nobody. */
const data = Float32Array.of(1, -4, 3, 0, 2, 10, 99, 99);
const states = { data: data.subarray(0, 6), length: 3, width: 2 };

describe('pool', () => {
  // By hand: means (6/3, 6/3); sums / √3; (1·x₁ + 2·x₂ + 3·x₃) / 6.
  const expected: Readonly<Record<Pooling, readonly number[]>> = {
    cls: [1, -4],
    lasttoken: [2, 10],
    max: [3, 10],
    mean: [2, 2],
    mean_sqrt_len: [6 / Math.sqrt(3), 6 / Math.sqrt(3)],
    weightedmean: [13 / 6, 26 / 6],
  };
  it.each(Object.entries(expected))('%s', (pooling, vector) => {
    const actual = [...pool(states, pooling as Pooling)];
    for (const [i, value] of vector.entries()) expect(actual[i]).toBeCloseTo(value, 6);
    expect(actual).toHaveLength(2);
  });

  it('copies what it returns, so that nobody keeps a whole batch alive', () => {
    expect(pool(states, 'cls').buffer).not.toBe(data.buffer);
  });
});

describe('rowsOf', () => {
  it('gives one vector per token', () => {
    expect(rowsOf(states).map((row) => [...row])).toEqual([
      [1, -4],
      [3, 0],
      [2, 10],
    ]);
  });
});

describe('unitVector', () => {
  it('has length 1 and the same direction', () => {
    expect([...unitVector(Float32Array.of(3, -4))].map((x) => Number(x.toFixed(6)))).toEqual([0.6, -0.8]);
  });

  it('leaves zeros alone', () => {
    expect([...unitVector(new Float32Array(2))]).toEqual([0, 0]);
  });
});
