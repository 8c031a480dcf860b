import { describe, expect, it } from 'vitest';
import { segmentationMetrics } from './metrics.js';

const words = (...granularities: [string, string[]][]) => new Map(granularities);
const example = (...granularities: [string, string[]][]) => ({ text: '', words: words(...granularities) });

describe('metrics of segmentation', () => {
  const examples = [
    example(['fine', ['移动', '互联网', '公司']], ['coarse', ['移动互联网', '公司']]),
    example(['fine', ['好', 'New York']]),
  ];
  const answers = [
    words(['fine', ['移动', '互联网公司']], ['coarse', ['移动互联网', '公司']]),
    words(['fine', ['好', 'New York']]),
  ];
  const trainingWords = new Map([
    ['fine', new Set(['移动', '公司', '好', 'NewYork'])],
    ['coarse', new Set(['移动互联网', '公司'])],
  ]);

  it('are of every granularity, over the texts that have it', () => {
    const metrics = segmentationMetrics(answers, examples, ['fine', 'coarse'], trainingWords);
    const fine = 6 / 9; // 3 right of 4 answered and 5 expected
    expect(metrics).toEqual({
      f1: expect.closeTo((fine + 1) / 2, 10),
      fineF1: expect.closeTo(fine, 10),
      finePrecision: 3 / 4,
      fineRecall: 3 / 5,
      fineOovRecall: 0, // 互联网
      fineIvRecall: 3 / 4,
      fineBoundaryPrecision: 1,
      fineBoundaryRecall: 2 / 3,
      fineBoundaryF1: expect.closeTo(4 / 5, 10),
      fineExactMatch: 1 / 2,
      coarseF1: 1,
      coarsePrecision: 1,
      coarseRecall: 1,
      coarseIvRecall: 1, // there is no unknown word
      coarseBoundaryPrecision: 1,
      coarseBoundaryRecall: 1,
      coarseBoundaryF1: 1,
      coarseExactMatch: 1,
    });
  });

  it('call no word unknown where nobody knows what training had', () => {
    const metrics = segmentationMetrics(answers, examples, ['fine'], new Map());
    expect(metrics).toHaveProperty('fineF1');
    expect(Object.keys(metrics).filter((name) => /OovRecall|IvRecall/.test(name))).toEqual([]);
  });

  it('leave out granularities that no text has', () => {
    const metrics = segmentationMetrics(answers, examples, ['fine', 'other'], trainingWords);
    expect(Object.keys(metrics).some((name) => name.startsWith('other'))).toBe(false);
  });
});
