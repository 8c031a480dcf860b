import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { goldenDifference, goldenFile, parseGolden } from './golden.js';

describe('goldenFile and parseGolden', () => {
  it('return the cases, one a line', () => {
    const cases = [
      { input: { text: '打开音乐' }, output: { intent: 'music', score: 0.98 } },
      { input: 'hi', output: [1, null] },
    ];
    const text = goldenFile(cases, 0.01);
    expect(text.split('\n')).toHaveLength(5);
    expect(parseGolden(text)).toEqual(cases.map((item) => ({ ...item, tolerance: 0.01 })));
    expect(parseGolden(goldenFile([]))).toEqual([]);
  });

  it('take a tolerance of 0.001 where none is given', () => {
    expect(parseGolden('[{"input":1,"output":2}]')[0]!.tolerance).toBe(1e-3);
  });

  it.each([
    ['{', 'golden.json: is not valid JSON'],
    ['{}', 'golden.json: must be an array of cases'],
    ['[{"input":1}]', 'golden.json: /0 must have "input" and "output"'],
    ['[null]', 'golden.json: /0 must have'],
    ['[{"input":1,"output":2,"tolerance":-1}]', '/0/tolerance must be a number'],
  ])('refuse %j', (text, message) => {
    expect(() => parseGolden(text)).toThrow(message);
    expect(() => parseGolden(text)).toThrow(ValidationError);
  });
});

describe('goldenDifference', () => {
  const expected = { intent: 'music', score: 0.5, slots: [{ start: 2, text: '晴天' }] };

  it('accepts numbers within the tolerance, relative above 1', () => {
    expect(goldenDifference(expected, { ...expected, score: 0.5009 }, 1e-3)).toBeUndefined();
    expect(goldenDifference(1000, 1000.9, 1e-3)).toBeUndefined();
    expect(goldenDifference(expected, { ...expected, extra: undefined }, 1e-3)).toBeUndefined();
  });

  it('points at the first difference', () => {
    expect(goldenDifference(expected, { ...expected, score: 0.502 }, 1e-3)).toBe('/score is 0.502, expected 0.5');
    expect(goldenDifference(expected, { ...expected, slots: [] }, 1)).toBe('/slots has 0 elements, expected 1');
    expect(goldenDifference(expected, { ...expected, slots: [{ start: 2, text: '雨天' }] }, 1)).toBe(
      '/slots/0/text is "雨天", expected "晴天"',
    );
    expect(goldenDifference(expected, { ...expected, extra: 1 }, 1)).toBe('/extra is 1, expected undefined');
    expect(goldenDifference(1, Number.NaN, 1)).toBe(' is null, expected 1');
    expect(goldenDifference([], {}, 1)).toBe(' is {}, expected []');
  });
});
