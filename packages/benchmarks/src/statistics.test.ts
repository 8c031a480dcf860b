import { describe, expect, it } from 'vitest';
import { median, rounded } from './statistics.js';

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('rounded', () => {
  it('keeps significant digits', () => {
    expect(rounded(0.000123456, 3)).toBe(0.000123);
    expect(rounded(93.456)).toBe(93.46);
  });
});
