import { describe, expect, it } from 'vitest';
import { allClose, relativeL2 } from './compare.js';
import { TensorError } from './errors.js';
import { float16BitsToFloat32, float32ToFloat16Bits, fromFloat16, toFloat16 } from './float16.js';
import { scalarTensor, tensor, toNumbers, zeros } from './host-tensor.js';
import { broadcastShapes, elementCount, formatShape, isStaticShape } from './shape.js';

describe('tensor', () => {
  it('wraps a typed array without copying and converts plain numbers', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    expect(tensor('float32', data, [2, 2]).data).toBe(data);
    expect(tensor('int64', [1, -2]).data).toEqual(BigInt64Array.of(1n, -2n));
    expect(tensor('bool', [1, 0]).data).toEqual(Uint8Array.of(1, 0));
    expect(tensor('float32', [1, 2]).dims).toEqual([2]);
  });

  it('refuses a wrong count, a wrong array and a fraction in int64, saying what was expected', () => {
    expect(() => tensor('float32', [1, 2, 3], [2, 2])).toThrow(
      'A float32 tensor of dims [2, 2] needs 4 elements, got 3',
    );
    expect(() => tensor('int64', Float32Array.of(1) as never)).toThrow(
      'A int64 tensor is carried by BigInt64Array, got Float32Array',
    );
    expect(() => tensor('int64', [0.5])).toThrow('An int64 tensor cannot hold 0.5');
    expect(() => tensor('float32', [], [-1])).toThrow(TensorError);
  });

  it('makes scalars, zeros and plain numbers', () => {
    expect(scalarTensor('float32', 2)).toEqual({ dtype: 'float32', dims: [], data: Float32Array.of(2) });
    expect(toNumbers(zeros('int64', [2, 1]))).toEqual([0, 0]);
  });
});

describe('shapes', () => {
  it('count elements and print', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([2, 0, 3])).toBe(0);
    expect(() => elementCount([2 ** 30, 2 ** 30])).toThrow('has too many elements');
    expect(formatShape(['batch', 2])).toBe('[batch, 2]');
    expect(isStaticShape(['batch'])).toBe(false);
  });

  it.each([
    [
      [[2, 3], [3]],
      [2, 3],
    ],
    [
      [
        [2, 1],
        [1, 4],
      ],
      [2, 4],
    ],
    [
      [
        ['batch', 1],
        ['batch', 'sequence'],
      ],
      ['batch', 'sequence'],
    ],
    [[['batch'], [1]], ['batch']],
    [[['batch'], [8]], [8]],
    [
      [
        ['?1', 3],
        ['batch', 3],
      ],
      ['batch', 3],
    ],
    [[['batch'], ['?1']], ['batch']],
    [
      [[], ['batch'], [1, 1]],
      [1, 'batch'],
    ],
    [[], []],
  ])('broadcast %j to %j', (shapes, expected) => {
    expect(broadcastShapes(...(shapes as (string | number)[][]))).toEqual(expected);
  });

  it('that cannot agree are refused, naming the axis', () => {
    expect(() => broadcastShapes([2, 3], [2, 4])).toThrow(
      'Shapes [2, 3] and [2, 4] do not broadcast: 3 against 4 at axis -1',
    );
    expect(() => broadcastShapes(['batch', 3], ['sequence', 3])).toThrow('batch against sequence at axis -2');
  });
});

describe('allClose', () => {
  const reference = tensor('float32', [1, 100]);

  it('allows rtol of the reference plus atol', () => {
    expect(allClose(tensor('float32', [1.00005, 100.009]), reference)).toBe(true);
    expect(allClose(tensor('float32', [1, 100.02]), reference)).toBe(false);
    expect(allClose(tensor('float32', [1, 100.02]), reference, { rtol: 1e-3 })).toBe(true);
    expect(allClose(tensor('float32', [0.5]), tensor('float32', [0]), { atol: 1 })).toBe(true);
  });

  it('takes NaN for NaN and infinities only for themselves', () => {
    expect(allClose(tensor('float32', [Number.NaN]), tensor('float32', [Number.NaN]))).toBe(true);
    expect(allClose(tensor('float32', [Number.NaN]), tensor('float32', [0]))).toBe(false);
    expect(allClose(tensor('float32', [Infinity]), tensor('float32', [Infinity]))).toBe(true);
    expect(allClose(tensor('float32', [0]), tensor('float32', [Infinity]))).toBe(false);
    expect(allClose(tensor('float32', [-Infinity]), tensor('float32', [Infinity]))).toBe(false);
  });

  it('compares across dtypes and refuses other dims', () => {
    expect(allClose(tensor('int64', [1, 100]), reference)).toBe(true);
    expect(allClose(tensor('float16', [0x3c00, 0x5640]), reference)).toBe(true);
    expect(() => allClose(tensor('float32', [1, 2], [2, 1]), reference)).toThrow('Only tensors of equal dims compare');
  });
});

describe('relativeL2', () => {
  it('is the norm of the difference over the norm of the reference', () => {
    expect(relativeL2(tensor('float32', [3, 0]), tensor('float32', [3, 4]))).toBeCloseTo(4 / 5);
    expect(relativeL2(tensor('float32', [0]), tensor('float32', [0]))).toBe(0);
    expect(relativeL2(tensor('float32', [1]), tensor('float32', [0]))).toBe(Infinity);
  });
});

describe('float16', () => {
  it('keeps every binary16 number through float32 and back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = float16BitsToFloat32(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(float16BitsToFloat32(float32ToFloat16Bits(value)))).toBe(true);
      else if (float32ToFloat16Bits(value) !== bits)
        throw new Error(`0x${bits.toString(16)} came back as another number`);
    }
  });

  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [1e10, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -25, 0x0001],
    [2 ** -26, 0x0000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
  ])('rounds %d to the nearest, ties to even', (value, bits) => {
    expect(float32ToFloat16Bits(value)).toBe(bits);
  });

  it('converts arrays', () => {
    expect(fromFloat16(toFloat16(Float32Array.of(0.5, -3)))).toEqual(Float32Array.of(0.5, -3));
  });
});
