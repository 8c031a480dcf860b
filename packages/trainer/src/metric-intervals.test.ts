import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { metricIntervals } from './metric-intervals.js';

const rows = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 0 : 1));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('intervals of metrics', () => {
  it('cover the spread of the mean of a sample', () => {
    const { accuracy } = metricIntervals((drawn) => ({ accuracy: mean(drawn) }), rows, {
      samples: 500,
      random: new Random(1),
    });
    const { value, low, high } = accuracy as { value: number; low: number; high: number };
    const deviation = Math.sqrt((0.75 * 0.25) / rows.length);
    expect(value).toBe(0.75);
    expect(low).toBeCloseTo(0.75 - 1.96 * deviation, 1.5);
    expect(high).toBeCloseTo(0.75 + 1.96 * deviation, 1.5);
  });

  it('compute all metrics once per resample, on the same resamples', () => {
    let calls = 0;
    const metrics = (drawn: readonly number[]) => {
      calls++;
      return { a: mean(drawn), b: 10 * mean(drawn) };
    };
    const result = metricIntervals(metrics, rows, { samples: 50, random: new Random(1) });
    expect(calls).toBe(52); // the whole, 50 resamples, and the whole again at the end
    const [a, b] = [result.a, result.b] as { low: number; high: number }[];
    expect(b!.low).toBeCloseTo(10 * a!.low, 10);
    expect(b!.high).toBeCloseTo(10 * a!.high, 10);
  });

  it('leave a metric that some resample does not define as a plain number', () => {
    const result = metricIntervals((drawn) => ({ rare: drawn.includes(7) ? 1 : Number.NaN }), [7, 1, 1, 1], {
      samples: 50,
      random: new Random(1),
    });
    expect(result).toEqual({ rare: 1 });
  });

  it('are left out when no samples are wanted or there are no rows', () => {
    const metrics = (drawn: readonly number[]) => ({ accuracy: drawn.length === 0 ? 0 : mean(drawn) });
    expect(metricIntervals(metrics, rows, { samples: 0, random: new Random(1) })).toEqual({ accuracy: 0.75 });
    expect(metricIntervals(metrics, [], { samples: 9, random: new Random(1) })).toEqual({ accuracy: 0 });
  });
});
