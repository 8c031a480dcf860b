import { describe, expect, it } from 'vitest';
import type { IntentAnswer } from './answer.js';
import { labelThreshold, rejectionThreshold } from './calibrate.js';

const answer = (scores: Record<string, number>): IntentAnswer => {
  const sorted = Object.entries(scores)
    .map(([label, score]) => ({ label, score }))
    .sort((a, b) => b.score - a.score);
  return { intent: sorted[0]!.label, score: sorted[0]!.score, scores: sorted };
};
const gold = (...labels: string[]) => ({ text: '', labels, slots: [] });

describe('rejectionThreshold', () => {
  it('parts what the model knows from what it does not', () => {
    const answers = [
      answer({ a: 0.9, b: 0.1 }),
      answer({ b: 0.7, a: 0.3 }),
      answer({ a: 0.55, b: 0.45 }),
      answer({ b: 0.6, a: 0.4 }),
    ];
    const threshold = rejectionThreshold(answers, [gold('a'), gold('b'), gold('oos'), gold('oos')], 'oos');
    expect(threshold).toBeGreaterThan(0.6);
    expect(threshold).toBeLessThanOrEqual(0.7);
  });

  it('is 0 when nothing is gained by rejecting', () => {
    expect(
      rejectionThreshold([answer({ a: 0.9, b: 0.1 }), answer({ a: 0.6, b: 0.4 })], [gold('a'), gold('a')], 'oos'),
    ).toBe(0);
    expect(rejectionThreshold([], [], 'oos')).toBe(0);
  });
});

describe('labelThreshold', () => {
  it('takes the lowest threshold with the best micro F1', () => {
    const answers = [answer({ a: 0.8, b: 0.4, c: 0.3 }), answer({ a: 0.2, b: 0.45, c: 0.1 })];
    const threshold = labelThreshold(answers, [gold('a', 'b'), gold('b')]);
    expect(threshold).toBe(0.35); // at 0.3 the first answer has c as well
  });

  it('counts examples without labels', () => {
    const answers = [answer({ a: 0.6, b: 0.1 }), answer({ a: 0.9, b: 0.1 })];
    expect(labelThreshold(answers, [gold(), gold('a')])).toBe(0.65);
  });
});
