import { describe, expect, it } from 'vitest';
import { planWindows } from './windows.js';

describe('planWindows', () => {
  it('reads what fits at once', () => {
    expect(planWindows(5, 5, 2)).toEqual([{ from: 0, to: 5, first: 0, last: 5 }]);
    expect(planWindows(0, 5, 2)).toEqual([{ from: 0, to: 0, first: 0, last: 0 }]);
  });

  it('shares tokens between neighbours, and gives each half of them to the window that sees more around it', () => {
    expect(planWindows(20, 10, 4)).toEqual([
      { from: 0, to: 10, first: 0, last: 8 },
      { from: 6, to: 16, first: 8, last: 13 },
      { from: 10, to: 20, first: 13, last: 20 },
    ]);
  });

  it.each([
    [1, 0],
    [7, 0],
    [7, 3],
    [7, 6],
    [62, 15],
  ])('keeps every token once, within what is read: room %i, overlap %i', (room, overlap) => {
    for (let count = 0; count < 80; count++) {
      let next = 0;
      for (const { from, to, first, last } of planWindows(count, room, overlap)) {
        expect(first).toBe(next);
        expect(from <= first && last <= to && to - from <= room).toBe(true);
        next = last;
      }
      expect(next).toBe(count);
    }
  });
});
