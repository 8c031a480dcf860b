import { describe, expect, it } from 'vitest';
import { tensor, toFloat32 } from './index.js';

describe('toFloat32', () => {
  it('shares float32 and converts the other floats', () => {
    const floats = tensor('float32', [0.5, -2]);
    expect(toFloat32(floats)).toBe(floats.data);
    expect(toFloat32(tensor('float64', [0.1]))).toEqual(Float32Array.of(0.1));
    // binary16: 0x3c00 is 1, 0xc000 is -2, 0x7c00 is infinity.
    expect(toFloat32(tensor('float16', [0x3c00, 0xc000, 0x7c00]))).toEqual(Float32Array.of(1, -2, Infinity));
  });

  it('refuses whole numbers', () => {
    expect(() => toFloat32(tensor('int64', [1]))).toThrow('Expected a floating-point tensor, got int64');
  });
});
