import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { guessedPerBlock, type MaskingContext, maskBlocks } from './masking.js';
import { MaskingOptions } from './options.js';
import type { TokenRun } from './token-store.js';

const MASK = 4;
const SEP = 3;
const context = (fields: Partial<MaskingOptions> = {}): MaskingContext => ({
  options: Object.assign(new MaskingOptions(), fields),
  specialIds: { cls: 2, sep: SEP, mask: MASK },
  vocabSize: 1000,
  special: new Set([0, 1, 2, 3, 4]),
});

/** Words of three tokens, a separator in the middle. */
const block = (length: number): TokenRun => ({
  ids: Int32Array.from({ length }, (_, i) => (i === 30 ? SEP : 10 + i)),
  starts: Uint8Array.from({ length }, (_, i) => (i === 30 || i % 3 === 0 ? 1 : 0)),
});

const numbers = (data: unknown) => Array.from(data as BigInt64Array, Number);

describe('maskBlocks', () => {
  it('frames the block, and asks for the tokens that it hides', () => {
    const feeds = maskBlocks([block(60), block(60)], new Random(1), context({ mask: 1, random: 0 }));
    const input = numbers(feeds.input_ids!.data);
    expect(feeds.input_ids!.dims).toEqual([2, 62]);
    expect([input[0], input[61], input[62], input[123]]).toEqual([2, SEP, 2, SEP]);
    const positions = numbers(feeds.masked_positions!.data);
    const labels = numbers(feeds.labels!.data);
    expect(positions).toHaveLength(2 * guessedPerBlock(60, 0.15));
    expect(new Set(positions).size).toBe(positions.length);
    positions.forEach((at, i) => {
      expect(input[at]).toBe(MASK);
      expect(labels[i]).toBe(block(60).ids[(at % 62) - 1]);
    });
    expect(input.filter((id) => id === MASK)).toHaveLength(positions.length);
  });

  it('never asks for a separator between texts', () => {
    for (let seed = 0; seed < 50; seed++) {
      const feeds = maskBlocks([block(60)], new Random(seed), context({ rate: 0.8 }));
      expect(numbers(feeds.labels!.data)).not.toContain(SEP);
    }
  });

  it('takes words whole, all but the last', () => {
    const feeds = maskBlocks([block(60)], new Random(3), context({ mask: 1, random: 0 }));
    const chosen = new Set(numbers(feeds.masked_positions!.data).map((at) => at - 1));
    const partial = Array.from({ length: 20 }, (_, word) => [0, 1, 2].filter((i) => chosen.has(3 * word + i)).length);
    expect(partial.filter((count) => count === 1 || count === 2).length).toBeLessThanOrEqual(1);
  });

  it('takes tokens alone where whole words are off', () => {
    const feeds = maskBlocks([block(60)], new Random(3), context({ wholeWord: false }));
    const chosen = new Set(numbers(feeds.masked_positions!.data).map((at) => at - 1));
    const partial = Array.from({ length: 20 }, (_, word) => [0, 1, 2].filter((i) => chosen.has(3 * word + i)).length);
    expect(partial.filter((count) => count === 1 || count === 2).length).toBeGreaterThan(2);
  });

  it('hides 80 %, replaces 10 % and keeps 10 % of what it asks for, with ordinary tokens only', () => {
    const counts = { mask: 0, random: 0, kept: 0 };
    for (let seed = 0; seed < 300; seed++) {
      const feeds = maskBlocks([block(60)], new Random(seed), context());
      const input = numbers(feeds.input_ids!.data);
      const labels = numbers(feeds.labels!.data);
      numbers(feeds.masked_positions!.data).forEach((at, i) => {
        if (input[at] === MASK) counts.mask++;
        else if (input[at] === labels[i]) counts.kept++;
        else {
          counts.random++;
          expect(input[at]).toBeGreaterThan(MASK);
        }
      });
    }
    const total = counts.mask + counts.random + counts.kept;
    // 2,700 draws: three standard deviations of a share of 0.8 are 0.023, of 0.1 are 0.018.
    expect(counts.mask / total).toBeCloseTo(0.8, 1);
    expect(Math.abs(counts.random / total - 0.1)).toBeLessThan(0.018);
    expect(Math.abs(counts.kept / total - 0.1)).toBeLessThan(0.018);
  });

  it('masks otherwise the next time, and the same way from the same seed', () => {
    const at = (seed: number) => numbers(maskBlocks([block(60)], new Random(seed), context()).masked_positions!.data);
    expect(at(1)).toEqual(at(1));
    expect(at(1)).not.toEqual(at(2));
  });

  it('fills its shape even from a block of separators', () => {
    const run = { ids: new Int32Array(20).fill(SEP), starts: new Uint8Array(20).fill(1) };
    const feeds = maskBlocks([run], new Random(1), context());
    expect(feeds.labels!.dims).toEqual([guessedPerBlock(20, 0.15)]);
  });
});
