import { describe, expect, it } from 'vitest';
import { difference } from './difference.js';

describe('difference', () => {
  it('finds none within the tolerance', () => {
    expect(difference([{ a: 1, b: ['x', null] }], [{ a: 1.05, b: ['x', null] }], 0.1)).toBeUndefined();
  });

  it.each([
    [{ a: [1, 2] }, { a: [1, 3] }, '/a/1: 2 instead of 3'],
    [[1], [1, 2], '/1: undefined instead of 2'],
    [{ a: 'x' }, { a: 'y' }, '/a: "x" instead of "y"'],
    [{}, null, ': {} instead of null'],
    [Number.NaN, 1, ': NaN instead of 1'],
  ])('says where %j differs from %j', (actual, expected, message) => {
    expect(difference(actual, expected, 0.1)).toBe(message);
  });
});
