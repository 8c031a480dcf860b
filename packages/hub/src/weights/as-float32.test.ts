import { toFloat16 } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { asFloat32, isFloating } from './as-float32.js';

describe('asFloat32', () => {
  it('leaves float32 as it is, widens float16, rounds float64', () => {
    const tensor = { dtype: 'float32', dims: [1], data: new Float32Array([1]) } as const;
    expect(asFloat32('a', tensor)).toBe(tensor);
    const half = { dtype: 'float16', dims: [2], data: toFloat16(new Float32Array([0.5, -65504])) } as const;
    expect(asFloat32('a', half)).toEqual({ dtype: 'float32', dims: [2], data: new Float32Array([0.5, -65504]) });
    const double = { dtype: 'float64', dims: [3], data: new Float64Array([Math.PI, -0, 1e300]) } as const;
    expect(asFloat32('a', double).data).toEqual(new Float32Array([Math.fround(Math.PI), -0, Infinity]));
  });

  it('refuses what is no weight, naming it', () => {
    const ids = { dtype: 'int64', dims: [1], data: new BigInt64Array(1) } as const;
    expect(() => asFloat32('position_ids', ids)).toThrow(/'position_ids' is int64/);
    expect(() => asFloat32('position_ids', ids)).toThrow(CheckpointError);
    expect([isFloating('float16'), isFloating('int64')]).toEqual([true, false]);
  });
});
