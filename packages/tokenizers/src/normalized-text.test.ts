import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { createTextNormalizer, isSpaceOrPunctuation, normalizeText } from './normalized-text.js';

describe('normalizeText', () => {
  it.each([
    ['ＡＢＣ１２３！', 'abc123!'],
    ['ｶﾞﾊﾟ', 'ガパ'],
    ['e\u0301É', 'éé'],
    ['ﬁ Ⅷ ㍿', 'fi viii 株式会社'],
    ['ΟΔΟΣ οδος', 'οδοσ οδοσ'],
    ['\u1112\u1161\u11ab', '한'],
    ['中文，。', '中文,。'],
    ['İ', 'i\u0307'],
    ['', ''],
  ])('turns %j into %j', (text, expected) => {
    expect(normalizeText(text).text).toBe(expected);
  });

  it('leaves lower case alone when told to, maps characters, and drops what is asked', () => {
    expect(normalizeText('ＡＢ', { lowercase: false }).text).toBe('AB');
    const characterMap = new Map([
      ['愛', '爱'],
      ['𠮷', '吉'],
    ]);
    expect(normalizeText('愛 𠮷！', { characterMap }).text).toBe('爱 吉!');
    expect(normalizeText('愛 𠮷！', { characterMap, drop: isSpaceOrPunctuation }).text).toBe('爱吉');
  });

  it('equals NFKC and lower case of the whole on random texts, and does not change when applied again', () => {
    const normalize = createTextNormalizer({ lowercase: false });
    const lower = createTextNormalizer();
    const random = seededRandom(17);
    for (let i = 0; i < 2000; i++) {
      const text = randomText(random, 20);
      expect(normalize(text).text).toBe(text.normalize('NFKC'));
      const once = lower(text).text;
      expect(lower(once).text).toBe(once);
    }
  });

  it('maps every normalised character back to the stretch of the original it came from', () => {
    const normalize = createTextNormalizer({ drop: isSpaceOrPunctuation, characterMap: new Map([['a', 'xyz']]) });
    const random = seededRandom(23);
    for (let i = 0; i < 1000; i++) {
      const text = randomText(random, 20);
      const normalized = normalize(text);
      const wrong: string[] = [];
      let previous = 0;
      let at = 0;
      for (const character of normalized.text) {
        const start = normalized.originalStart(at);
        at += character.length;
        const end = normalized.originalEnd(at);
        const source = text.slice(start, end);
        if (start < previous) wrong.push(`${at} goes back`);
        if (end > text.length) wrong.push(`${at} ends beyond the text`);
        if (!normalize(source).text.includes(character)) wrong.push(`${at} is not from ${source}`);
        if ([...source].length > 32) wrong.push(`${at} stands for more than a segment`);
        previous = start;
      }
      expect({ text, wrong }).toEqual({ text, wrong: [] });
    }
  });

  it('counts places in the original in code points too', () => {
    const normalized = normalizeText('😀ﬁＡ');
    expect(normalized.text).toBe('😀fia');
    expect(normalized.originalStart(3)).toBe(2);
    expect(normalized.originalEnd(4)).toBe(3);
    expect(normalized.originalCodePoints.fromUtf16(normalized.originalStart(4))).toBe(2);
  });

  it('is linear in texts that make sorting marks quadratic', () => {
    const started = performance.now();
    const half = 500_000;
    normalizeText(`a${'\u0301'.repeat(half)}${'\u0316'.repeat(half)}`);
    normalizeText('가\u11a8'.repeat(half));
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
