import { describe, expect, it } from 'vitest';
import { CheckpointClock } from './checkpoint-clock.js';

describe('the checkpoint clock', () => {
  it('is due soon after the start, then ever more rarely up to the longest interval', () => {
    let now = 0;
    const clock = new CheckpointClock({ everySeconds: 15, now: () => now });
    const due: number[] = [];
    for (; now < 200_000; now += 500) {
      if (!clock.due(1)) continue;
      due.push(now / 1000);
      clock.begin()();
    }
    expect(due.slice(0, 6)).toEqual([2, 4, 6, 8, 10, 12]);
    const gaps = due.slice(1).map((at, i) => at - due[i]!);
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(gaps.at(-1)).toBe(15);
  });

  it('keeps writing to a twentieth of the time, and never writes two at once', () => {
    let now = 0;
    const clock = new CheckpointClock({ everySeconds: 1, now: () => now });
    now = 1000;
    expect(clock.due(1)).toBe(true);
    const done = clock.begin();
    now = 3000;
    expect(clock.due(2)).toBe(false);
    done(); // writing took 2 s
    now = 3000 + 39_999;
    expect(clock.due(3)).toBe(false);
    now = 3000 + 40_000;
    expect(clock.due(4)).toBe(true);
  });

  it('follows the steps when told to', () => {
    const clock = new CheckpointClock({ everySteps: 3, now: () => 0 });
    expect([1, 2, 3, 4, 5, 6].filter((step) => clock.due(step))).toEqual([3, 6]);
  });
});
