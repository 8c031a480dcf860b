import { Random, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../errors.js';
import { type MatrixView, quantizeBlockwise, quantizeColumns, quantizeRows } from './quantize-weights.js';

const view = (inner: number, columns: number, data: readonly number[], transposed = false): MatrixView => ({
  inner,
  columns,
  data: Float32Array.from(data),
  transposed,
});

const randomView = (inner: number, columns: number, seed = 3): MatrixView => {
  const random = new Random(seed);
  return view(
    inner,
    columns,
    Array.from({ length: inner * columns }, (_, i) => (i % 7 === 0 ? 0 : random.normal() * (1 + (i % columns)))),
  );
};

const transposedView = ({ inner, columns, data }: MatrixView): MatrixView =>
  view(
    inner,
    columns,
    Array.from({ length: data.length }, (_, i) => data[(i % inner) * columns + Math.floor(i / inner)]!),
    true,
  );

describe('quantizeColumns', () => {
  it('spreads each column over −127…127 by its largest magnitude, ties to even', () => {
    const { values, scales } = quantizeColumns(view(4, 2, [127, -2.54, -0.5, 0, 1.5, 1.27, 2.5, -1.28]));
    expect(values).toEqual(tensor('int8', [127, -127, 0, 0, 2, 64, 2, -64], [4, 2]));
    expect([...scales.data]).toEqual([1, Math.fround(2.54 / 127)]);
  });

  it('keeps zeros, halves no step too much, and never uses −128', () => {
    const matrix = randomView(33, 5);
    const { values, scales } = quantizeColumns(matrix);
    matrix.data.forEach((real, i) => {
      const [quantized, scale] = [values.data[i]!, scales.data[i % 5]!];
      if (real === 0) expect(quantized).toBe(0);
      expect(Math.abs(quantized * scale - real)).toBeLessThanOrEqual((scale / 2) * (1 + 1e-6));
    });
    expect(Math.max(...values.data.map(Math.abs))).toBe(127);
  });

  it('reads a transposed matrix where it lies', () => {
    const matrix = randomView(6, 4);
    expect(quantizeColumns(transposedView(matrix))).toEqual(quantizeColumns(matrix));
  });

  it('uses half the range when asked to', () => {
    const { values, scales } = quantizeColumns(view(2, 1, [6.3, -3.15]), { reduceRange: true });
    expect([...values.data]).toEqual([63, -32]);
    expect(scales.data[0]).toBeCloseTo(0.1, 6);
  });

  it('gives zeros for columns of nothing, and of almost nothing', () => {
    expect([...quantizeColumns(view(2, 2, [0, 1e-45, 0, 0])).values.data]).toEqual([0, 0, 0, 0]);
  });

  it('refuses what is no number', () => {
    expect(() => quantizeColumns(view(1, 1, [Number.NaN]))).toThrow(GraphError);
    expect(() => quantizeRows(tensor('float32', [Number.POSITIVE_INFINITY], [1, 1]))).toThrow('only finite numbers');
  });
});

describe('quantizeRows', () => {
  it('has a scale per row', () => {
    const { values, scales } = quantizeRows(tensor('float32', [1, -0.5, 0, 0, 12.7, 0.1], [3, 2]));
    expect(values).toEqual(tensor('int8', [127, -64, 0, 0, 127, 1], [3, 2]));
    expect(scales.dims).toEqual([3, 1]);
    expect([...scales.data].map((scale) => Math.fround(scale * 127))).toEqual([1, 127, Math.fround(12.7)]);
  });
});

describe('quantizeBlockwise', () => {
  it('puts the largest of a block on the far end of its range, two numbers to a byte', () => {
    const weights = Array.from({ length: 16 }, (_, i) =>
      i === 0 ? -8 : i === 1 ? 7 : i === 2 ? 0.5 : i === 3 ? 9 : 0,
    );
    const { values, scales } = quantizeBlockwise(view(16, 1, weights), { bits: 4, blockSize: 16 });
    // The largest is 9, so the scale is −9/8 and 9 becomes 0: −8 → 7.11 + 8, 7 → −6.22 + 8, 0.5 → −0.44 + 8.
    expect(scales.data[0]).toBe(-1.125);
    expect([...values.data].slice(0, 3)).toEqual([15 | (2 << 4), 8 | (0 << 4), 8 | (8 << 4)]);
    expect(values.dims).toEqual([1, 1, 8]);
  });

  it.each([4, 8] as const)('keeps zeros and errs by half a step, one at the short end (%i bits)', (bits) => {
    const matrix = randomView(40, 3);
    const { values, scales } = quantizeBlockwise(matrix, { bits, blockSize: 32 });
    expect(values.dims).toEqual([3, 2, 4 * bits]);
    for (let column = 0; column < 3; column++) {
      for (let i = 0; i < 64; i++) {
        const block = column * 2 + (i >> 5);
        const at = block * 4 * bits + (bits === 4 ? (i & 31) >> 1 : i & 31);
        const stored = bits === 4 ? (values.data[at]! >> (4 * (i & 1))) & 15 : values.data[at]!;
        const real = i < 40 ? matrix.data[i * 3 + column]! : 0;
        const scale = scales.data[block]!;
        const error = Math.abs((stored - 2 ** (bits - 1)) * scale - real);
        expect(error).toBeLessThanOrEqual(Math.abs(scale) * (stored === 2 ** bits - 1 ? 1 : 0.5) * (1 + 1e-5));
        if (real === 0) expect(stored).toBe(2 ** (bits - 1));
      }
    }
  });

  it('reads a transposed matrix where it lies', () => {
    const matrix = randomView(20, 3);
    const options = { bits: 4, blockSize: 16 } as const;
    expect(quantizeBlockwise(transposedView(matrix), options)).toEqual(quantizeBlockwise(matrix, options));
  });

  it('refuses block sizes that the operator does not take', () => {
    expect(() => quantizeBlockwise(view(1, 1, [1]), { bits: 4, blockSize: 20 })).toThrow('A block holds 16, 32');
  });
});
