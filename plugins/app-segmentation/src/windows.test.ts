import { Random } from '@zooid/tensor';
import { textOf, unitKind, unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { type Window, windowsOf } from './windows.js';

const cut = (text: string, limit: number) => {
  const units = unitsOf(text);
  return { units, windows: [...windowsOf(units, limit)] };
};
const cores = (text: string, limit: number) => {
  const { units, windows } = cut(text, limit);
  return windows.map(({ coreStart, coreEnd }) => textOf(units, coreStart, coreEnd));
};

describe('windowsOf', () => {
  it('leaves a text alone that fits', () => {
    expect(cut('一二三', 8).windows).toEqual([
      { start: 0, end: 3, coreStart: 0, coreEnd: 3, isOpenLeft: false, isOpenRight: false },
    ]);
  });

  it('cuts after a sentence rather than after a clause, with what closes the sentence', () => {
    expect(cores('一二三四。五，六七八九十', 8)).toEqual(['一二三四。', '五，六七八九十']);
    expect(cores('一二三四。”五，六七八九十', 8)).toEqual(['一二三四。”', '五，六七八九十']);
    expect(cores('一二三四五，六七八九十', 8)).toEqual(['一二三四五，', '六七八九十']);
    expect(cores('一二三四五 六七八九十', 8)).toEqual(['一二三四五 ', '六七八九十']);
  });

  it('overlaps where there is nowhere to cut', () => {
    const { windows } = cut('一二三四五六七八九十'.repeat(2), 8);
    for (const [i, window] of windows.slice(1).entries()) {
      expect(window.start).toBeLessThan(windows[i]!.end);
      expect(window.isOpenLeft && windows[i]!.isOpenRight).toBe(true);
      expect(window.coreStart - window.start).toBeGreaterThanOrEqual(2);
    }
  });

  it('covers every unit once, in windows of no more than the limit', () => {
    const random = new Random(3);
    const characters = ['一', '二', '。', '，', ' ', '\n', 'word', '3.14', '”', '😀', '.'];
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: 1 + random.int(60) }, () => random.choice(characters)).join('');
      const limit = 2 + random.int(12);
      const { units, windows } = cut(text, limit);
      const held = ({ start, end }: Window) =>
        units.kinds.subarray(start, end).filter((kind) => kind !== unitKind.space).length;
      let next = 0;
      for (const window of windows) {
        expect(window.coreStart).toBe(next);
        expect(window.coreEnd).toBeGreaterThan(window.coreStart);
        expect(window.start <= window.coreStart && window.coreEnd <= window.end).toBe(true);
        expect(held(window)).toBeLessThanOrEqual(limit);
        next = window.coreEnd;
      }
      expect(next).toBe(units.count);
    }
  });
});
