import { validateDto } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { learningRates } from './learning-rates.js';
import { FineTuneOptions } from './options.js';

const options = (given: object) => validateDto(FineTuneOptions, given, 'train');

describe('learning rates', () => {
  it('rise over the warm-up, given as a share or as steps, and fall to zero after the last step', () => {
    for (const warmup of [0.2, 2]) {
      const at = learningRates(options({ warmup }), { default: 1, head: 2 });
      const rates = [1, 2, 3, 4, 10].map((step) => at(step, 10).default);
      expect(rates).toEqual([0, 0.5, 1, 0.875, 0.125]);
      expect(at(3, 10).head).toBe(2);
    }
  });

  it('survive a warm-up longer than the run', () => {
    expect(learningRates(options({ warmup: 100 }), { default: 1 })(4, 4).default).toBe(0.75);
  });
});
