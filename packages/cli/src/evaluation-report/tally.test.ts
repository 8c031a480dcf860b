import { describe, expect, it } from 'vitest';
import { Tally } from './tally.js';

describe('a tally', () => {
  it('lists what occurred most often, then what came first', () => {
    const tally = new Tally<readonly [string, string]>();
    for (const pair of [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
      ['e', 'f'],
    ] as const)
      tally.add(pair);
    expect(tally.top(2)).toEqual([
      { thing: ['c', 'd'], count: 2 },
      { thing: ['a', 'b'], count: 1 },
    ]);
    expect(tally.isExact).toBe(true);
  });

  it('keeps the frequent ones, and says that it forgot, when there are too many different ones', () => {
    const tally = new Tally<string>(10);
    for (let i = 0; i < 1000; i++) {
      tally.add(`rare ${i}`);
      if (i % 3 === 0) tally.add('frequent');
    }
    expect(tally.top(1)).toEqual([{ thing: 'frequent', count: 334 }]);
    expect(tally.top(1000).length).toBeLessThanOrEqual(10);
    expect(tally.isExact).toBe(false);
  });
});
