import { describe, expect, it } from 'vitest';
import { expectedCalibrationError, logLoss, perplexity } from './probabilistic.js';

describe('logLoss', () => {
  it('equals the example of scikit-learn log_loss', () => {
    // Columns are ham, spam; the documentation prints 0.21616.
    const probabilities = [
      [0.1, 0.9],
      [0.9, 0.1],
      [0.8, 0.2],
      [0.35, 0.65],
    ];
    expect(logLoss([1, 0, 0, 1], probabilities)).toBeCloseTo(0.21616, 5);
    expect(logLoss([1, 0, 0, 1], probabilities)).toBeCloseTo(-Math.log(0.9 * 0.9 * 0.8 * 0.65) / 4, 12);
  });

  it('stays finite when the right label got probability 0', () => {
    expect(logLoss([0], [[0, 1]])).toBeCloseTo(-Math.log(2 ** -52), 12);
  });

  it('names a label that has no column', () => {
    expect(() => logLoss([2], [[0.5, 0.5]])).toThrow('/gold/0 is 2, but the row has 2 labels');
  });
});

describe('perplexity', () => {
  it('is the number of choices when all are equally likely', () => {
    expect(perplexity([Math.log(50), Math.log(50)])).toBeCloseTo(50, 10);
    expect(perplexity([Math.log(2), Math.log(8)])).toBeCloseTo(4, 12); // geometric mean
  });
});

describe('expectedCalibrationError', () => {
  it('equals a sum made by hand', () => {
    // Five bins: (0.4, 0.6] holds 0.5 (wrong) and 0.6 (right): |0.5 − 0.55|; (0.8, 1] holds 0.9 and 1.0 (right): |1 − 0.95|.
    const error = expectedCalibrationError([false, true, true, true], [0.5, 0.6, 0.9, 1], 5);
    expect(error).toBeCloseTo((2 / 4) * 0.05 + (2 / 4) * 0.05, 12);
  });

  it('is 0 for scores that keep their promise and large for empty confidence', () => {
    const right = Array.from({ length: 10 }, (_, i) => i < 7);
    expect(expectedCalibrationError(right, Array(10).fill(0.7))).toBeCloseTo(0, 12);
    expect(expectedCalibrationError([false, false], [1, 1])).toBe(1);
    expect(expectedCalibrationError([false], [0])).toBe(0);
  });
});
