import { describe, expect, it } from 'vitest';
import { Selection } from './selection.js';

const follow = (selection: Selection, values: readonly number[], metric = 'f1') =>
  values.map((value, i) => selection.observe(i + 1, { [metric]: value }));

describe('selecting the best evaluation', () => {
  it('keeps the highest value, the first of equal ones', () => {
    const selection = new Selection({ metric: 'f1', mode: 'max' });
    expect(follow(selection, [0.5, 0.7, 0.7, 0.6])).toEqual([true, true, false, false]);
    expect(selection.current).toEqual({ bestStep: 2, bestMetrics: { f1: 0.7 }, waited: 2 });
  });

  it('takes the first metric and its natural direction when not told', () => {
    expect(follow(new Selection({}), [3, 2, 4], 'loss')).toEqual([true, true, false]);
    expect(follow(new Selection({}), [3, 2, 4], 'accuracy')).toEqual([true, false, true]);
  });

  it('never takes a value that is not finite', () => {
    expect(follow(new Selection({}), [Number.NaN, 1, Number.POSITIVE_INFINITY])).toEqual([false, true, false]);
  });

  it('is exhausted after `patience` evaluations without a sufficient improvement', () => {
    const selection = new Selection({ patience: 2, minDelta: 0.1 });
    follow(selection, [1, 1.05]);
    expect(selection.exhausted).toBe(false);
    follow(selection, [1.05]);
    expect(selection.exhausted).toBe(true);
    expect(new Selection({}).exhausted).toBe(false);
  });

  it('names the metrics there are when the wanted one is not among them', () => {
    expect(() => new Selection({ metric: 'bleu' }).observe(1, { f1: 1, loss: 2 })).toThrow(/'bleu'.*f1, loss/);
  });

  it('continues where its state was taken', () => {
    const first = new Selection({ patience: 3 });
    follow(first, [0.9, 0.8]);
    const second = new Selection({ patience: 3 });
    second.restore(first.current);
    expect(follow(second, [0.85, 0.95])).toEqual([false, true]);
  });
});
