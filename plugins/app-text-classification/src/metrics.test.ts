import { describe, expect, it } from 'vitest';
import type { ClassifierConfig } from './classifier-config.js';
import { classificationMetrics } from './metrics.js';
import { TextClassificationOptions } from './options.js';

const config = (options: Partial<TextClassificationOptions>, thresholds = [0.5, 0.5]): ClassifierConfig => ({
  labels: ['0', '1'],
  multiLabel: options.multiLabel ?? false,
  outputFunction: options.multiLabel ? 'sigmoid' : 'softmax',
  thresholds,
  options: Object.assign(new TextClassificationOptions(), options),
});
const best = (label: string) => [{ label, score: 0.9 }];
const gold = (...labels: string[]) => ({ text: 'x', labels });

describe('classificationMetrics', () => {
  const answers = ['1', '1', '0', '0', '0'].map(best);
  const examples = ['1', '0', '1', '0', '0'].map((label) => gold(label));

  it('are accuracy and macro F1 of one label per text', () => {
    // Per label: '0' has P 2/3, R 2/3; '1' has P 1/2, R 1/2.
    const { accuracy, macroF1, ...others } = classificationMetrics(answers, examples, config({}));
    expect(accuracy).toBeCloseTo(0.6, 12);
    expect(macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12);
    expect(others).toEqual({});
  });

  it('tell of the positive label, where there is one', () => {
    expect(classificationMetrics(answers, examples, config({ positiveLabel: '1' }))).toMatchObject({
      f1: 0.5,
      precision: 0.5,
      recall: 0.5,
    });
    expect(classificationMetrics([best('0')], [gold('0')], config({ positiveLabel: '1' }))).toMatchObject({ f1: 0 });
  });

  it('count the labels of several that hold', () => {
    const scored = [
      [
        { label: '0', score: 0.9 },
        { label: '1', score: 0.3 },
      ],
      [
        { label: '1', score: 0.6 },
        { label: '0', score: 0.2 },
      ],
    ];
    const both = [gold('0', '1'), gold('1')];
    expect(classificationMetrics(scored, both, config({ multiLabel: true }))).toEqual({
      microF1: 0.8, // 2 hits, 1 miss, 0 wrong
      macroF1: (1 + 2 / 3) / 2,
      exactMatch: 0.5,
    });
    expect(classificationMetrics(scored, both, config({ multiLabel: true }, [0.5, 0.3])).exactMatch).toBe(1);
  });
});
