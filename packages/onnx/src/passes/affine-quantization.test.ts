import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../errors.js';
import { affineQuantization, dequantize, integerRanges, quantize, roundHalfEven } from './affine-quantization.js';

const reals = [-1, -0.5, 0, 0.3, 2];

describe('affineQuantization', () => {
  // By hand: S = 3 / 255; Z = round(Qmax − 2 / S) = round(127 − 170), round(255 − 170).
  it.each([
    ['int8', -43, [-128, -85, -43, -17, 127]],
    ['uint8', 85, [0, 43, 85, 111, 255]],
  ] as const)('maps [−1, 2] to %s with zero point %i', (dtype, zeroPoint, quantized) => {
    const affine = affineQuantization(-1, 2, dtype);
    expect(affine.scale).toBeCloseTo(0.0117647059, 10);
    expect(affine.zeroPoint).toBe(zeroPoint);
    // −0.5 lies at −42.5 steps: a tie, which goes to the even −42 and not to −43.
    expect(reals.map((real) => quantize(real, affine, dtype))).toEqual(quantized);
    expect(dequantize(quantize(0.3, affine, dtype), affine)).toBeCloseTo(0.305882, 6);
    expect(dequantize(quantize(-0.5, affine, dtype), affine)).toBeCloseTo(-0.494118, 6);
  });

  it('widens a range that lacks 0, so that 0 is exact', () => {
    for (const [min, max] of [
      [1, 3],
      [-3, -1],
      [0, 0],
      [-0.3, 1.7],
    ] as const) {
      const affine = affineQuantization(min, max, 'int8');
      expect(dequantize(quantize(0, affine, 'int8'), affine)).toBe(0);
    }
    expect(affineQuantization(1, 3, 'uint8').scale).toBeCloseTo(3 / 255, 12);
  });

  it.each(Object.keys(integerRanges) as (keyof typeof integerRanges)[])(
    'is never off by more than half a step inside the range, and saturates outside (%s)',
    (dtype) => {
      const random = new Random(5);
      for (let round = 0; round < 200; round++) {
        const [min, max] = [-random.uniform() * 3, random.uniform() * 3];
        const affine = affineQuantization(min, max, dtype);
        const real = min + (max - min) * random.uniform();
        const error = Math.abs(dequantize(quantize(real, affine, dtype), affine) - real);
        expect(error).toBeLessThanOrEqual(affine.scale / 2 + 1e-12);
        expect(quantize(1e9, affine, dtype)).toBe(integerRanges[dtype][1]);
        expect(quantize(-1e9, affine, dtype)).toBe(integerRanges[dtype][0]);
      }
    },
  );

  it.each([
    [2, 1],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses the range [%d, %d]', (min, max) => {
    expect(() => affineQuantization(min, max, 'int8')).toThrow(GraphError);
  });
});

describe('roundHalfEven', () => {
  it('rounds ties to the even neighbour', () => {
    expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5].map(roundHalfEven)).toEqual([-2, -2, 0, 0, 2, 2, 4]);
    expect([-2.4, 0.49999999999999994, 2.51, 1e12 + 0.25].map(roundHalfEven)).toEqual([-2, 0, 3, 1e12]);
  });
});
