import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace } from './pace.js';

describe('Pace', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** Ends a number of requests, one after another. */
  const work = (pace: Pace, requests: number, eachMs: number) => {
    for (let i = 0; i < requests; i++) {
      vi.advanceTimersByTime(eachMs);
      pace.end();
    }
  };

  it.each([
    ['a few requests', 4],
    ['more than are remembered', 500],
  ])('tells how long a queue takes after %s', (_, requests) => {
    const pace = new Pace();
    pace.begin();
    work(pace, requests, 100);
    expect(pace.secondsFor(1)).toBe(1);
    expect(pace.secondsFor(100)).toBe(10);
    expect(pace.secondsFor(95)).toBe(10);
    expect(pace.secondsFor(100_000)).toBe(60);
  });

  it('follows the present pace', () => {
    const pace = new Pace();
    pace.begin();
    work(pace, 500, 1);
    work(pace, 100, 1000);
    expect(pace.secondsFor(20)).toBe(20);
    vi.advanceTimersByTime(63_000); // nothing ends any more
    expect(pace.secondsFor(20)).toBe(40);
  });

  it('does not count the time in which nothing was asked', () => {
    const pace = new Pace();
    pace.begin();
    work(pace, 100, 100);
    vi.advanceTimersByTime(3_600_000);
    pace.begin();
    expect(pace.secondsFor(1000)).toBe(1); // not known yet
    work(pace, 2, 500);
    expect(pace.secondsFor(10)).toBe(5);
  });
});
