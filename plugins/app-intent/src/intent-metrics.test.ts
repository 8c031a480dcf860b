import { describe, expect, it } from 'vitest';
import { intentMetrics } from './intent-metrics.js';

const answer = (intent: string, intents?: string[]) => ({
  intent,
  score: 1,
  scores: [],
  ...(intents === undefined ? {} : { intents }),
});
const gold = (...labels: string[]) => ({ text: '', labels, slots: [] });

describe('intentMetrics', () => {
  const examples = [gold('a'), gold('a'), gold('b'), gold('oos')];
  const answers = [answer('a'), answer('b'), answer('b'), answer('oos')];

  it('are accuracy and macro F1 of single labels', () => {
    const metrics = intentMetrics(answers, examples, { multiLabel: false, rejection: {}, slots: 'lexicon' });
    expect(metrics.accuracy).toBeCloseTo(3 / 4);
    expect(metrics.macroF1).toBeCloseTo((2 / 3 + 2 / 3 + 1) / 3);
    expect(Object.keys(metrics)).toEqual(['accuracy', 'macroF1']);
  });

  it('tell in scope from out of scope where there is a fallback', () => {
    const metrics = intentMetrics(answers, examples, {
      multiLabel: false,
      rejection: { fallback: 'oos' },
      slots: 'lexicon',
    });
    expect(metrics).toMatchObject({ inScopeAccuracy: 2 / 3, outOfScopeRecall: 1, outOfScopePrecision: 1 });
    const without = intentMetrics(answers.slice(0, 3), examples.slice(0, 3), {
      multiLabel: false,
      rejection: { fallback: 'oos' },
      slots: 'lexicon',
    });
    // A recipe may select by in-scope accuracy, so it must be there whatever the first examples hold.
    expect(without).toMatchObject({ inScopeAccuracy: 2 / 3, outOfScopePrecision: 0 });
    expect(without).not.toHaveProperty('outOfScopeRecall');
  });

  it('are micro F1 and exact match of label sets', () => {
    const sets = [answer('a', ['a', 'b']), answer('b', ['b'])];
    const metrics = intentMetrics(sets, [gold('a'), gold('b')], { multiLabel: true, rejection: {}, slots: 'lexicon' });
    expect(metrics.microF1).toBeCloseTo(0.8);
    expect(metrics.exactMatch).toBeCloseTo(0.5);
  });

  it('score the slots of models that predict them, by start, end and type', () => {
    const slot = (type: string, start: number, end: number) => ({ type, start, end, text: '', value: '' });
    const texts = [
      { ...gold('a'), text: '😀晴天', slots: [slot('song', 1, 3)] },
      { ...gold('b'), text: '北京', slots: [slot('city', 0, 2)] },
    ];
    const found = [
      { ...answer('a'), slots: [slot('song', 2, 4)] }, // in UTF-16 units
      { ...answer('b'), slots: [slot('song', 0, 2), slot('city', 0, 1)] },
    ];
    const metrics = intentMetrics(found, texts, { multiLabel: false, rejection: {}, slots: 'predict' });
    expect(metrics).toMatchObject({ accuracy: 1, slotPrecision: 1 / 3, slotRecall: 1 / 2, slotF1: 2 / 5 });
  });
});
