import { describe, expect, it } from 'vitest';
import { answerOf } from './answer.js';
import { parseIntentOptions } from './intent-config.js';

const labels = ['chat', 'music', 'weather'];
const configOf = (options: object, threshold: number) => ({ options: parseIntentOptions(options), labels, threshold });

describe('answerOf', () => {
  it('gives every label its probability, best first', () => {
    const logits = Float32Array.of(0, Math.log(6), Math.log(3));
    const { intent, score, scores, intents } = answerOf(logits, configOf({}, 0));
    expect(intent).toBe('music');
    expect(score).toBeCloseTo(0.6, 6);
    expect(scores.map(({ label, score }) => [label, Math.round(score * 10)])).toEqual([
      ['music', 6],
      ['weather', 3],
      ['chat', 1],
    ]);
    expect(intents).toBeUndefined();
  });

  it('stays finite for large logits', () => {
    const { score, scores } = answerOf(Float32Array.of(1000, 999, -1000), configOf({}, 0));
    expect(score).toBeCloseTo(1 / (1 + Math.exp(-1)), 5);
    expect(scores.at(-1)!.score).toBe(0);
  });

  it('answers the fallback when the best label is not likely enough, with that label among the scores', () => {
    const rejecting = configOf({ rejection: { fallback: 'chat' } }, 0.7);
    const unsure = answerOf(Float32Array.of(0, Math.log(6), Math.log(3)), rejecting);
    expect([unsure.intent, unsure.scores[0]!.label]).toEqual(['chat', 'music']);
    expect(unsure.score).toBeCloseTo(0.6, 6);
    expect(answerOf(Float32Array.of(0, 5, 0), rejecting).intent).toBe('music');
    expect(answerOf(Float32Array.of(0, Math.log(6), Math.log(3)), configOf({}, 0.7)).intent).toBe('music');
  });

  it('lists every label above the threshold when several may hold', () => {
    const logits = Float32Array.of(-2, 0.1, 3);
    const { intents, intent, score } = answerOf(logits, configOf({ multiLabel: true }, 0.5));
    expect(intents).toEqual(['weather', 'music']);
    expect(intent).toBe('weather');
    expect(score).toBeCloseTo(1 / (1 + Math.exp(-3)), 5);
    expect(answerOf(logits, configOf({ multiLabel: true }, 0)).intents).toHaveLength(3);
    expect(answerOf(logits, configOf({ multiLabel: true }, 0.99)).intents).toEqual([]);
  });
});
