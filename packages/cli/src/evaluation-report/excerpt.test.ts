import { describe, expect, it } from 'vitest';
import { excerptAround, excerptOf, piecesOf, shortened } from './excerpt.js';

describe('an excerpt', () => {
  it('is the whole text where that is short', () => {
    expect(excerptOf('短', excerptAround('短', 0))).toBe('短');
  });

  it('is around the place of long texts, of bounded length, with dots', () => {
    const text = Array.from({ length: 1000 }, (_, i) => String.fromCharCode(0x4e00 + i)).join('');
    for (const place of [0, 500, 999]) {
      const shown = excerptOf(text, excerptAround(text, place));
      expect(shown).toContain(text[place]);
      expect(shown.length).toBeLessThan(330);
    }
    expect(excerptOf(text, excerptAround(text, 500))).toMatch(/^….*…$/);
  });

  it('never ends in half a character', () => {
    const text = '😀'.repeat(500);
    for (const place of [0, 501, 777, 999])
      expect(excerptOf(text, excerptAround(text, place))).not.toMatch(/\p{Surrogate}/u);
    expect(shortened('a😀b', 2)).toBe('a😀…');
    expect(shortened('ab', 2)).toBe('ab');
  });
});

describe('the pieces of an excerpt', () => {
  const stretch = (start: number, end: number) => ({ start, end, right: true });

  it('are the stretches and what is between them, joined the text', () => {
    const pieces = piecesOf('abcdefg', { from: 0, to: 7 }, [stretch(1, 3), { ...stretch(3, 4), label: 'X' }]);
    expect(pieces).toEqual([
      { text: 'a' },
      { text: 'bc', right: true },
      { text: 'd', right: true, label: 'X' },
      { text: 'efg' },
    ]);
  });

  it('are cut where the excerpt is', () => {
    const pieces = piecesOf('abcdefg', { from: 2, to: 5 }, [stretch(0, 1), stretch(1, 3), stretch(4, 7)]);
    expect(pieces.map(({ text }) => text)).toEqual(['…', 'c', 'd', 'e', '…']);
  });

  it('name what overlaps another beside the text', () => {
    const pieces = piecesOf('abcd', { from: 0, to: 4 }, [stretch(0, 3), stretch(1, 2)]);
    expect(pieces).toEqual([{ text: 'abc', right: true }, { text: 'd' }, { text: 'b', right: true, aside: true }]);
  });
});
