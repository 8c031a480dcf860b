import { describe, expect, it } from 'vitest';
import { chooseThresholds } from './calibrate.js';

const answer = (scores: Record<string, number>) => Object.entries(scores).map(([label, score]) => ({ label, score }));
const example = (...labels: string[]) => ({ text: 'x', labels });

describe('chooseThresholds', () => {
  it('finds the threshold that separates right from wrong', () => {
    const answers = [answer({ a: 0.34, b: 0.1 }), answer({ a: 0.2, b: 0.4 }), answer({ a: 0.1, b: 0.15 })];
    const examples = [example('a'), example('b'), example()];
    const [a, b] = chooseThresholds(answers, examples, ['a', 'b'], 'shared');
    expect(a).toBe(b);
    expect(a).toBeGreaterThan(0.2);
    expect(a).toBeLessThanOrEqual(0.34);
  });

  it('is one half where nothing speaks for another', () => {
    const answers = [answer({ a: 0.99, b: 0.01 })];
    expect(chooseThresholds(answers, [example('a')], ['a', 'b'], 'shared')).toEqual([0.5, 0.5]);
    expect(chooseThresholds([], [], ['a'], 'shared')).toEqual([0.5]);
  });

  it('chooses for each label by itself, but for rare ones', () => {
    // a: right from 0.3 on; b: right from 0.7 on; c: seen once.
    const rows = Array.from({ length: 20 }, (_, i) => ({
      answer: answer({ a: i < 10 ? 0.3 : 0.2, b: i < 10 ? 0.7 : 0.6, c: i === 0 ? 0.12 : 0.05 }),
      example: i < 10 ? example('a', 'b', ...(i === 0 ? ['c'] : [])) : example(),
    }));
    const answers = rows.map((row) => row.answer);
    const examples = rows.map((row) => row.example);
    const [a, b, c] = chooseThresholds(answers, examples, ['a', 'b', 'c'], 'per-label');
    const [shared] = chooseThresholds(answers, examples, ['a', 'b', 'c'], 'shared');
    expect(a).toBeGreaterThan(0.2);
    expect(a).toBeLessThanOrEqual(0.3);
    expect(b).toBeGreaterThan(0.6);
    expect(b).toBeLessThanOrEqual(0.7);
    expect(c).toBe(shared);
  });
});
