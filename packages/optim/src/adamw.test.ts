import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adamwCoefficients, resolveOptimizer } from './adamw.js';
import { KernelMemory } from './kernels/kernel-memory.js';

interface Golden {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly start: number[];
  readonly steps: { learningRate: number; gradient: number[]; p?: number[]; m?: number[]; v?: number[] }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL('./__golden__/adamw-20-steps.json', import.meta.url), 'utf8'));

describe.each(['wasm', 'plain'] as const)('AdamW, %s', (choice) => {
  it('follows PyTorch in float64 over 24 steps of changing gradients and rates', () => {
    const { start, steps, ...settings } = golden;
    const optimizer = resolveOptimizer({ kind: 'adamw', ...settings });
    const count = start.length;
    const memory = new KernelMemory(4 * 32, choice);
    const [p, g, m, v] = [0, 1, 2, 3].map(() => memory.allocate(count)) as [number, number, number, number];
    memory.view(p, count).set(start);
    let compared = 0;
    steps.forEach((step, index) => {
      memory.view(g, count).set(step.gradient);
      const coefficients = adamwCoefficients(optimizer, {
        learningRate: step.learningRate,
        update: index + 1,
        decays: true,
      });
      memory.kernels.adamw(p, g, m, v, count, coefficients);
      for (const [offset, expected] of [
        [p, step.p],
        [m, step.m],
        [v, step.v],
      ] as const) {
        if (expected === undefined) continue;
        compared++;
        // float32 carries about 1e-7 per step of relative error; 24 steps stay well inside 2e-6.
        expected.forEach((value, i) => {
          expect(Math.abs(memory.view(offset, count)[i]! - value)).toBeLessThan(2e-6 * Math.abs(value) + 1e-7);
        });
      }
    });
    expect(compared).toBe(12);
  });

  it('applies the gradient scale before the moments', () => {
    const optimizer = resolveOptimizer({ kind: 'adamw' });
    const step = { learningRate: 0.1, update: 1, decays: false };
    const memory = new KernelMemory(8 * 16, choice);
    const [p, g, m, v, p2, g2, m2, v2] = Array.from({ length: 8 }, () => memory.allocate(4)) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    memory.view(g, 4).set([1, 2, 3, 4]);
    memory.view(g2, 4).set([0.5, 1, 1.5, 2]);
    memory.kernels.adamw(p, g, m, v, 4, adamwCoefficients(optimizer, { ...step, gradientScale: 0.5 }));
    memory.kernels.adamw(p2, g2, m2, v2, 4, adamwCoefficients(optimizer, step));
    for (const [scaled, plain] of [
      [p, p2],
      [m, m2],
      [v, v2],
    ] as const) {
      expect([...memory.view(scaled, 4)]).toEqual([...memory.view(plain, 4)]);
    }
  });
});

describe('the optimizer options', () => {
  it('default to the published settings', () => {
    expect(resolveOptimizer({ kind: 'adamw' })).toEqual({
      kind: 'adamw',
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    });
  });

  it.each([{ beta1: 1 }, { beta2: -0.1 }, { epsilon: 0 }, { weightDecay: Number.NaN }])('refuse %o', (bad) => {
    expect(() => resolveOptimizer({ kind: 'adamw', ...bad })).toThrow(RangeError);
  });

  it('decay only what is said to decay', () => {
    const optimizer = resolveOptimizer({ kind: 'adamw', weightDecay: 0.1 });
    expect(adamwCoefficients(optimizer, { learningRate: 0.5, update: 1, decays: false }).decay).toBe(1);
    expect(adamwCoefficients(optimizer, { learningRate: 0.5, update: 1, decays: true }).decay).toBe(Math.fround(0.95));
  });
});
