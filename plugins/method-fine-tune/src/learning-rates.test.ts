import { validateDto } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { learningRates } from './learning-rates.js';
import { FineTuneOptions } from './options.js';

const options = (given: object) => validateDto(FineTuneOptions, given, 'train');
const groups = ['default', 'head'];

describe('learning rates', () => {
  it('start small on a base model, with a faster head, and larger from scratch', () => {
    const constant = options({ schedule: 'constant', warmup: 0 });
    const onBase = learningRates(constant, groups, 768)(1, 10);
    expect(onBase.default).toBeCloseTo(3e-5, 12);
    expect(onBase.head).toBeCloseTo(1.5e-4, 12);
    expect(learningRates(constant, groups, 256)(1, 10).default).toBeCloseTo(9e-5, 12);
    expect(learningRates(constant, groups, undefined)(1, 10)).toEqual({ default: 5e-4, head: 5e-4 });
  });

  it('rise over the warm-up, given as a share or as steps, and fall to zero after the last step', () => {
    for (const warmup of [0.2, 2]) {
      const at = learningRates(options({ learningRate: 1, headLearningRate: 2, warmup }), groups, undefined);
      const rates = [1, 2, 3, 4, 10].map((step) => at(step, 10).default);
      expect(rates).toEqual([0, 0.5, 1, 0.875, 0.125]);
      expect(at(3, 10).head).toBe(2);
    }
  });

  it('belong to the groups that there are', () => {
    expect(learningRates(options({ learningRate: 1 }), ['default'], undefined)(5, 10)).not.toHaveProperty('head');
  });

  it('survive a warm-up longer than the run', () => {
    const at = learningRates(options({ learningRate: 1, warmup: 100 }), groups, undefined);
    expect(at(4, 4).default).toBe(0.75);
  });
});
