import { describe, expect, it } from 'vitest';
import { createSchedule, type ScheduleOptions } from './schedule.js';

function at(options: ScheduleOptions, ...steps: readonly number[]): number[] {
  const schedule = createSchedule(options);
  return steps.map((step) => schedule(step));
}

describe('createSchedule', () => {
  it('rises, falls in a line and is exact at the edges', () => {
    expect(at({ kind: 'linear', totalSteps: 100, warmupSteps: 20 }, 0, 10, 20, 60, 100, 101)).toEqual([
      0, 0.5, 1, 0.5, 0, 0,
    ]);
  });

  it('falls in half a cosine wave', () => {
    const [start, quarter, middle, end] = at({ kind: 'cosine', totalSteps: 80 }, 0, 20, 40, 80) as [
      number,
      number,
      number,
      number,
    ];
    expect([start, end]).toEqual([1, 0]);
    expect(middle).toBeCloseTo(0.5, 15);
    expect(quarter).toBeCloseTo(0.5 + Math.SQRT1_2 / 2, 15);
  });

  it('stays at one after the warm-up of a constant schedule', () => {
    expect(at({ kind: 'constant', warmupSteps: 4 }, 0, 1, 4, 1e9)).toEqual([0, 0.25, 1, 1]);
    expect(at({ kind: 'constant' }, 0, 7)).toEqual([1, 1]);
  });

  it('rounds a warm-up ratio up to whole steps', () => {
    expect(at({ kind: 'linear', totalSteps: 15, warmupRatio: 0.1 }, 0, 1, 2)).toEqual([0, 0.5, 1]);
  });

  it('ends at the floor', () => {
    expect(at({ kind: 'linear', totalSteps: 10, floor: 0.25 }, 0, 5, 10, 11)).toEqual([1, 0.625, 0.25, 0.25]);
    expect(at({ kind: 'cosine', totalSteps: 10, floor: 0.2 }, 10)).toEqual([0.2]);
  });

  it('copes with a run that is all warm-up and with a run of no steps', () => {
    expect(at({ kind: 'linear', totalSteps: 4, warmupRatio: 1 }, 0, 2, 4)).toEqual([0, 0.5, 0]);
    expect(at({ kind: 'cosine', totalSteps: 0 }, 0)).toEqual([0]);
  });

  it.each<[ScheduleOptions, RegExp]>([
    [{ kind: 'linear' }, /totalSteps/],
    [{ kind: 'constant', warmupRatio: 0.1 }, /totalSteps/],
    [{ kind: 'constant', warmupSteps: 1, warmupRatio: 0.1, totalSteps: 9 }, /not both/],
    [{ kind: 'linear', totalSteps: 5, warmupSteps: 6 }, /at most 5/],
    [{ kind: 'linear', totalSteps: 5, warmupSteps: 1.5 }, /whole number/],
    [{ kind: 'linear', totalSteps: 5, warmupRatio: 1.5 }, /\[0, 1\]/],
    [{ kind: 'linear', totalSteps: 5, floor: -1 }, /floor/],
  ])('refuses %o', (options, message) => {
    expect(() => createSchedule(options)).toThrow(message);
  });
});
