import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { constant, initialise, normal, ones, truncatedNormal, uniform, zeros } from './initialise.js';
import type { Initializer } from './module-context.js';

describe('initialise', () => {
  it('draws normal values of the asked deviation', () => {
    const values = initialise({ name: 'w', shape: [100, 100], initializer: normal(0.02) }, new Random(1));
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    // Standard errors at n = 10⁴: 2e-4 of the mean, 1.4e-4 of the deviation.
    expect(Math.abs(mean)).toBeLessThan(8e-4);
    expect(Math.abs(deviation - 0.02)).toBeLessThan(6e-4);
  });

  it('draws truncated normal values inside two deviations, and even ones inside their bound', () => {
    const draw = (initializer: Initializer) => initialise({ name: 'w', shape: [100, 100], initializer }, new Random(1));
    const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x ** 2, 0) / values.length);
    const truncated = draw(truncatedNormal(1));
    expect(Math.max(...truncated.map(Math.abs))).toBeLessThanOrEqual(2);
    // The standard normal cut at ±2 has variance 1 − 4φ(2) / (2Φ(2) − 1) = 0.7737.
    expect(Math.abs(deviation(truncated) - Math.sqrt(0.7737))).toBeLessThan(0.02);
    const even = draw(uniform(3));
    expect(Math.max(...even.map(Math.abs))).toBeLessThanOrEqual(3);
    expect(Math.abs(deviation(even) - 3 / Math.sqrt(3))).toBeLessThan(0.03);
  });

  it('depends on seed and name, not on what was drawn before', () => {
    const declared = { name: 'bert.pooler.dense.weight', shape: [4, 4], initializer: normal(1) };
    const random = new Random(7);
    const first = initialise(declared, random);
    random.normal();
    initialise({ ...declared, name: 'other' }, random);
    expect(initialise(declared, random)).toEqual(first);
    expect(initialise({ ...declared, name: 'other' }, random)).not.toEqual(first);
    expect(initialise(declared, new Random(8))).not.toEqual(first);
  });

  it('fills with zeros, ones or a constant', () => {
    const random = new Random(0);
    expect(initialise({ name: 'b', shape: [2], initializer: zeros }, random)).toEqual(new Float32Array(2));
    expect(initialise({ name: 'b', shape: [2], initializer: ones }, random)).toEqual(Float32Array.of(1, 1));
    expect(initialise({ name: 'b', shape: [], initializer: constant(2) }, random)).toEqual(Float32Array.of(2));
  });
});
