import { atOnce } from '@zooid/data';
import { Random } from '@zooid/tensor';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { passageOf } from '../text/passage.js';
import { chooseCuts } from './cuts.js';

const passage = (text: string) => atOnce(passageOf(unitsOf(text)));
const cuts = (text: string, probabilities: readonly number[], options = {}) =>
  chooseCuts(passage(text), Float32Array.from(probabilities), { threshold: 0.5, minLength: 2, ...options });

describe('cuts', () => {
  it('are likely places inside the text', () => {
    expect(cuts('甲乙丙丁戊', [0, 0.5, 0.49, 0, 1])).toEqual([1]);
    expect(cuts('甲乙丙丁戊', [0, 0.5, 0.49, 0, 1], { threshold: 0.6 })).toEqual([]);
    expect(cuts('', [])).toEqual([]);
  });

  it('leave sentences of the least length, and of two that are too close the likelier', () => {
    expect(cuts('甲乙丙丁戊', [0.9, 0, 0, 0.9, 0])).toEqual([]);
    expect(cuts('甲乙丙丁戊', [0, 0.6, 0.7, 0, 0])).toEqual([2]);
    expect(cuts('甲乙丙丁戊', [0, 0.7, 0.7, 0, 0])).toEqual([1]);
    expect(cuts('甲乙丙丁戊', [0.9, 0.6, 0.7, 0.8, 0], { minLength: 1 })).toEqual([0, 1, 2, 3]);
  });

  it('are where the text itself ends a sentence, whatever else', () => {
    expect(cuts('甲。乙丙丁戊', [0, 0.9, 0, 0, 0])).toEqual([0]);
    expect(cuts('甲乙，丙丁', [0, 0.9, 0, 0])).toEqual([1]);
    expect(cuts('甲。', [1])).toEqual([]);
  });

  it('are not asked for before a place', () => {
    expect(cuts('甲乙丙丁戊己', [0, 0.9, 0, 0.9, 0, 0], { from: 2 })).toEqual([3]);
  });

  it('keep the least length in random texts, but for what is written', () => {
    const random = new Random(5);
    for (let i = 0; i < 300; i++) {
      const count = 1 + random.int(40);
      const text = passage('字'.repeat(count));
      const minLength = 1 + random.int(5);
      const probabilities = Float32Array.from({ length: count }, () => random.uniform());
      const found = chooseCuts(text, probabilities, { threshold: 0.3, minLength });
      const edges = [-1, ...found, count - 1];
      const lengths = edges.slice(1).map((edge, k) => edge - edges[k]!);
      if (found.length > 0) expect(Math.min(...lengths)).toBeGreaterThanOrEqual(minLength);
      for (const place of found) expect(probabilities[place]).toBeGreaterThanOrEqual(0.3);
    }
  });
});
