import { describe, expect, it } from 'vitest';
import { lossOf } from './loss.js';

describe('lossOf', () => {
  it('is in points, and says how much worse a metric is', () => {
    expect(lossOf({ accuracy: 0.9 }, { accuracy: 0.88 })).toEqual({
      metric: 'accuracy',
      value: 0.88,
      reference: 0.9,
      lostPoints: 2,
    });
    expect(lossOf({ accuracy: 0.9 }, { accuracy: 0.91 }).lostPoints).toBe(-1);
    expect(lossOf({ eval_loss: 1 }, { eval_loss: 1.25 }).lostPoints).toBe(25);
  });

  it('is by the metric that is wanted, or else the first', () => {
    const [plain, form] = [
      { f1: 0.5, accuracy: 0.9 },
      { f1: 0.4, accuracy: 0.9 },
    ];
    expect(lossOf(plain, form, 'accuracy')).toMatchObject({ metric: 'accuracy', lostPoints: 0 });
    expect(lossOf(plain, form, 'perplexity')).toMatchObject({ metric: 'f1', lostPoints: 10 });
  });

  it('is infinite where a form gives no number', () => {
    expect(lossOf({ accuracy: 0.9 }, { accuracy: Number.NaN }).lostPoints).toBe(Number.POSITIVE_INFINITY);
    expect(lossOf({ accuracy: 0.9 }, {}).lostPoints).toBe(Number.POSITIVE_INFINITY);
  });
});
