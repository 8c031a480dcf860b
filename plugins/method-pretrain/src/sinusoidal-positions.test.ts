import type { DeclaredParameter } from '@zooid/nn';
import { describe, expect, it } from 'vitest';
import { sinusoidalPositions } from './sinusoidal-positions.js';

const name = 'bert.embeddings.position_embeddings.weight';
const declared = (rows: number, width: number): DeclaredParameter[] => [
  { name, shape: [rows, width], initializer: { kind: 'normal', std: 0.02 } },
];

describe('sinusoidalPositions', () => {
  const table = sinusoidalPositions(declared(64, 32), 0.02).get(name)!;
  const row = (position: number) => table.data.subarray(position * 32, (position + 1) * 32);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

  it('holds sines and cosines of falling frequency (Vaswani et al. 2017, §3.5)', () => {
    const a = 0.02 * Math.SQRT2;
    expect(row(3)[0]).toBeCloseTo(a * Math.sin(3), 7);
    expect(row(3)[1]).toBeCloseTo(a * Math.cos(3), 7);
    expect(row(3)[2]).toBeCloseTo(a * Math.sin(3 / 10_000 ** (2 / 32)), 7);
  });

  it('has the deviation of the other tables', () => {
    expect(Math.sqrt(dot(table.data, table.data) / table.data.length)).toBeCloseTo(0.02, 7);
  });

  it('makes the likeness of two places depend on their distance only', () => {
    expect(dot(row(10), row(12))).toBeCloseTo(dot(row(40), row(42)), 7);
    expect(dot(row(10), row(11))).toBeGreaterThan(dot(row(10), row(14)));
  });

  it('is nothing for a model without a position table', () => {
    expect(sinusoidalPositions([], 0.02).size).toBe(0);
  });
});
