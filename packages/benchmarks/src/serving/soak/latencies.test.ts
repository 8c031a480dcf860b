import { expect, it } from 'vitest';
import { bySecond, quantile } from './latencies.js';

it('sorts latencies by the second they were due in, whenever they were answered', () => {
  const times = Float64Array.of(2100, 5, 10, 3, 990, 1, 20, 2);
  expect(bySecond(times).map((second) => [...second])).toEqual([[1, 2, 3], [], [5]]);
});

it('takes quantiles of sorted values', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => i);
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).toEqual([50, 99, 99]);
  expect(quantile([], 0.5)).toBe(0);
});
