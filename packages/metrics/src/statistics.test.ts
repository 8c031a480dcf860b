import { describe, expect, it } from 'vitest';
import { bootstrapInterval, meanAndSd } from './statistics.js';

/** Park–Miller; this package depends on no generator. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const share = (examples: readonly boolean[]): number => examples.filter(Boolean).length / examples.length;
/** 90 of 100 right. */
const examples = Array.from({ length: 100 }, (_, i) => i % 10 !== 0);

describe('bootstrapInterval', () => {
  it('comes near the normal interval of a proportion', () => {
    const { value, low, high } = bootstrapInterval(share, examples, { random: seeded(1), samples: 2000 });
    const halfWidth = 1.96 * Math.sqrt((0.9 * 0.1) / 100);
    expect(value).toBe(0.9);
    expect(Math.abs(low - (0.9 - halfWidth))).toBeLessThan(0.015);
    expect(Math.abs(high - (0.9 + halfWidth))).toBeLessThan(0.015);
  });

  it('covers the truth about as often as it promises', () => {
    const random = seeded(5);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const drawn = Array.from({ length: 100 }, () => random() < 0.8);
      const { low, high } = bootstrapInterval(share, drawn, { random, samples: 200, confidence: 0.9 });
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.82);
    expect(covered / 200).toBeLessThan(0.97);
  });

  it('is the same for the same seed, and wider for more confidence', () => {
    const interval = (seed: number, confidence: number) =>
      bootstrapInterval(share, examples, { random: seeded(seed), confidence });
    expect(interval(3, 0.9)).toEqual(interval(3, 0.9));
    expect(interval(3, 0.99).low).toBeLessThan(interval(3, 0.8).low);
  });

  it('works for metrics of gold and predicted pairs', () => {
    const pairs = examples.map((right) => ({ gold: 'a', predicted: right ? 'a' : 'b' }));
    const metric = (some: readonly (typeof pairs)[number][]) =>
      some.filter(({ gold, predicted }) => gold === predicted).length / some.length;
    expect(bootstrapInterval(metric, pairs, { random: seeded(1) })).toEqual(
      bootstrapInterval(share, examples, { random: seeded(1) }),
    );
  });

  it('refuses what it cannot compute', () => {
    expect(() => bootstrapInterval(share, [], { random: Math.random })).toThrow(/needs examples/);
    expect(() => bootstrapInterval(share, examples, { random: Math.random, confidence: 95 })).toThrow(/confidence < 1/);
  });
});

describe('meanAndSd', () => {
  it('divides by n − 1', () => {
    // numpy.std([2, 4, 4, 4, 5, 5, 7, 9]) is 2; with ddof=1 it is sqrt(32 / 7).
    const { mean, sd } = meanAndSd([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(mean).toBe(5);
    expect(sd).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  it('knows no spread in one run', () => {
    expect(meanAndSd([3])).toEqual({ mean: 3, sd: 0 });
    expect(meanAndSd([]).mean).toBeNaN();
  });
});
