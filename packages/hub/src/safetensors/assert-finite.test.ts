import { toFloat16 } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { assertFinite } from './assert-finite.js';

describe('assertFinite', () => {
  it('names the tensor and the first bad element', () => {
    const data = new Float32Array([0, 1, Number.NaN, Infinity]);
    expect(() => assertFinite('a.weight', { dtype: 'float32', dims: [4], data })).toThrow(CheckpointError);
    expect(() => assertFinite('a.weight', { dtype: 'float32', dims: [4], data })).toThrow(
      /'a.weight' holds NaN at element 2/,
    );
    const half = toFloat16(new Float32Array([65504, -Infinity]));
    expect(() => assertFinite('b', { dtype: 'float16', dims: [2], data: half })).toThrow(
      /'b' holds NaN or infinity at element 1/,
    );
    const double = new Float64Array([-Infinity]);
    expect(() => assertFinite('c', { dtype: 'float64', dims: [1], data: double })).toThrow(/'c' holds -Infinity/);
  });

  it('passes finite numbers and whole numbers of any kind', () => {
    assertFinite('a', { dtype: 'float32', dims: [2], data: new Float32Array([3.4e38, -0]) });
    assertFinite('b', { dtype: 'float16', dims: [1], data: toFloat16(new Float32Array([65504])) });
    assertFinite('c', { dtype: 'int64', dims: [1], data: new BigInt64Array([-1n]) });
    assertFinite('d', { dtype: 'uint8', dims: [1], data: new Uint8Array([255]) });
  });
});
