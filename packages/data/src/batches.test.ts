import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { planBatches } from './batches.js';

/** Lengths as utterances have them: many short, few long. */
const lengths = Uint32Array.from({ length: 1003 }, (_, i) => 4 + Math.floor(60 * ((i * 0.618034) % 1) ** 3));
const plan = (seed: number, epoch: number, options = {}) =>
  planBatches(lengths, { batchSize: 16, random: new Random(seed), epoch, ...options });

describe('planBatches', () => {
  it('uses every index exactly once, in batches of at most batchSize', () => {
    const { batches } = plan(1, 0);
    expect(batches.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(16);
    // A window of 50 full batches leaves nothing over, so only the last batch is short.
    expect(batches.filter((batch) => batch.length < 16)).toHaveLength(1);
  });

  it('gives the same plan for the same seed and epoch, however much the generator was used', () => {
    const random = new Random(7);
    const first = planBatches(lengths, { batchSize: 8, random, epoch: 3 });
    for (let i = 0; i < 100; i++) random.uint32();
    expect(planBatches(lengths, { batchSize: 8, random, epoch: 3 })).toEqual(first);
    expect(planBatches(lengths, { batchSize: 8, random: new Random(7), epoch: 3 })).toEqual(first);
  });

  it('gives another plan for another epoch or seed', () => {
    const first = plan(1, 0).batches;
    expect(plan(1, 1).batches).not.toEqual(first);
    expect(plan(2, 0).batches).not.toEqual(first);
  });

  it('stays as it is between versions, so that a resumed run sees the batches of the interrupted one', () => {
    const { batches } = planBatches([5, 9, 3, 7, 7, 2, 8], { batchSize: 2, random: new Random(42), epoch: 0 });
    expect(batches).toEqual([[3, 4], [0, 2], [5], [1, 6]]);
  });

  it('puts near lengths together, which makes padding rare', () => {
    const sorted = plan(1, 0);
    const unsorted = plan(1, 0, { window: 1 });
    expect(sorted.paddingShare).toBeLessThan(0.1);
    expect(unsorted.paddingShare).toBeGreaterThan(0.5);
    expect(sorted.tokens).toBe(lengths.reduce((sum, length) => sum + length, 0));
  });

  it('does not go through an epoch from long to short', () => {
    const longest = plan(1, 0).batches.map((batch) => Math.max(...batch.map((i) => lengths[i]!)));
    const half = longest.length >> 1;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(longest.slice(0, half)) / mean(longest.slice(half))).toBeGreaterThan(0.7);
    expect(mean(longest.slice(0, half)) / mean(longest.slice(half))).toBeLessThan(1.4);
  });

  it('keeps padded tokens within maxTokens, but for single examples that are longer', () => {
    const { batches, paddedTokens, paddingShare } = plan(1, 0, { maxTokens: 50 });
    let padded = 0;
    for (const batch of batches) {
      const size = Math.max(...batch.map((i) => lengths[i]!)) * batch.length;
      padded += size;
      if (batch.length > 1) expect(size).toBeLessThanOrEqual(50);
    }
    expect(batches.some((batch) => batch.length === 1 && lengths[batch[0]!]! > 50)).toBe(true);
    expect(paddedTokens).toBe(padded);
    expect(paddingShare).toBeCloseTo(1 - lengths.reduce((sum, length) => sum + length, 0) / padded, 12);
  });

  it('counts padding as defined', () => {
    const { tokens, paddedTokens, paddingShare } = planBatches([2, 4], {
      batchSize: 2,
      random: new Random(1),
      epoch: 0,
    });
    expect({ tokens, paddedTokens, paddingShare }).toEqual({ tokens: 6, paddedTokens: 8, paddingShare: 0.25 });
  });

  it('plans nothing for no examples', () => {
    expect(planBatches([], { batchSize: 2, random: new Random(1), epoch: 0 })).toEqual({
      batches: [],
      tokens: 0,
      paddedTokens: 0,
      paddingShare: 0,
    });
  });

  it('names every option that is out of range', () => {
    expect(() => plan(1, 0, { batchSize: 0, maxTokens: 1.5 })).toThrow(
      /\/batchSize must be .* 0.*\/maxTokens must be .* 1.5/,
    );
  });
});
