import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from './deadline.js';

describe('Deadlines', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('call what is due, once, soon after its time, and nothing that was done before', () => {
    const deadlines = new Deadlines();
    const expired: string[] = [];
    const due = (name: string, dueAt: number) => ({ dueAt, slot: -1, expire: () => expired.push(name) });
    const done = due('done', 30);
    deadlines.add(due('late', 1000));
    deadlines.add(due('soon', performance.now() + 50));
    deadlines.add(done);
    deadlines.delete(done);
    vi.advanceTimersByTime(40);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(expired).toEqual(['soon']);
    vi.advanceTimersByTime(2000);
    expect(expired).toEqual(['soon', 'late']);
  });

  it('sleep while there is nothing to watch', () => {
    const deadlines = new Deadlines();
    const due = { dueAt: Number.POSITIVE_INFINITY, slot: -1, expire: () => {} };
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(due);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.delete(due);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(due);
    expect(vi.getTimerCount()).toBe(1);
  });
});
