import { describe, expect, it } from 'vitest';
import { backoffMs, defaultRetryPolicy, requestedWaitMs } from './retry.js';

describe('backoffMs', () => {
  it('doubles up to its limit, and leaves out up to half at random', () => {
    for (const [attempt, full] of [
      [1, 500],
      [2, 1000],
      [4, 4000],
      [20, 15_000],
    ] as const) {
      for (let i = 0; i < 50; i++) {
        const wait = backoffMs(defaultRetryPolicy, attempt);
        expect(wait).toBeGreaterThanOrEqual(full / 2);
        expect(wait).toBeLessThanOrEqual(full);
      }
    }
  });
});

describe('requestedWaitMs', () => {
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:10 GMT' }, 9000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ ratelimit: '"api";r=0;t=55' }, 55_000],
    [{ 'retry-after': '1', ratelimit: '"api";r=0;t=55' }, 1000],
    [{}, undefined],
  ])('%j asks for %s', (headers, expected) => {
    expect(requestedWaitMs(new Headers(headers as Record<string, string>), 1000)).toBe(expected);
  });
});
