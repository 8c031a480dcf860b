import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from '../__golden__/random-text.js';
import { AlignedText } from '../aligned-text.js';
import { TokenizerError } from '../errors.js';
import { literalPattern, regexPattern } from '../text-pattern.js';
import { bertNormalizer } from './bert.js';
import { Charsmap } from './charsmap.js';
import { type Normalizer, sequenceNormalizer } from './normalizer.js';
import { precompiledNormalizer } from './precompiled.js';
import {
  lowercaseNormalizer,
  prependNormalizer,
  replaceNormalizer,
  stripAccentsNormalizer,
  stripNormalizer,
} from './simple.js';
import { unicodeForms, unicodeNormalizer } from './unicode-form.js';

const bert = { cleanText: true, chineseCharacters: true, stripAccents: true, lowercase: true };

/** A normaliser and what it does to a text, said in another way. */
const simple: [string, Normalizer, (text: string) => string][] = [
  ...unicodeForms.map((form): [string, Normalizer, (text: string) => string] => [
    form,
    unicodeNormalizer(form),
    (text) => text.normalize(form),
  ]),
  ['Lowercase', lowercaseNormalizer, (text) => text.toLowerCase()],
  ['StripAccents', stripAccentsNormalizer, (text) => text.replace(/\p{M}/gu, '')],
  ['Replace', replaceNormalizer(literalPattern('a'), 'XY'), (text) => text.replaceAll('a', 'XY')],
  ['Replace one for one', replaceNormalizer(literalPattern(' '), '▁'), (text) => text.replaceAll(' ', '▁')],
  [
    'Replace by pattern',
    replaceNormalizer(regexPattern('[^\\p{L}]{2,}', 'test'), '$&'),
    (text) => text.replace(/[^\p{L}]{2,}/gu, () => '$&'),
  ],
  ['Prepend', prependNormalizer('▁▁'), (text) => (text === '' ? '' : `▁▁${text}`)],
  ['Strip', stripNormalizer(true, true), (text) => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')],
];
const combined = sequenceNormalizer([
  unicodeNormalizer('NFKD'),
  stripAccentsNormalizer,
  lowercaseNormalizer,
  replaceNormalizer(regexPattern(' {2,}', 'test'), ' '),
  prependNormalizer('▁'),
  replaceNormalizer(literalPattern(' '), '▁'),
]);

function texts(count: number): string[] {
  const random = seededRandom(17);
  const chosen = Array.from({ length: count }, () => randomText(random, 20));
  return [...chosen, '', ' ', 'İİ aΣ', '\u1100\u1161\u11a8', 'e\u0301\u0316', '𐐀 𝟘', 'ﷺ'];
}

function cutsPair(text: string, place: number): boolean {
  return (text.charCodeAt(place) & 0xfc00) === 0xdc00 && (text.charCodeAt(place - 1) & 0xfc00) === 0xd800;
}

describe('normalisers', () => {
  it.each(simple)('%s equals its definition', (_, normalizer, expected) => {
    for (const text of texts(600)) {
      expect({ text, result: normalizer.apply(new AlignedText(text, 0)).text }).toEqual({
        text,
        result: expected(text),
      });
    }
  });

  it.each([...simple.map(([name, normalizer]) => [name, normalizer] as const), ['several', combined] as const])(
    '%s knows where everything came from',
    (_, normalizer) => {
      const base = 3;
      for (const text of texts(300)) {
        const result = normalizer.apply(new AlignedText(text, base));
        const wrong: string[] = [];
        let previous = base;
        for (let i = 0; i < result.text.length; i++) {
          const start = result.originalStart(i);
          const end = result.originalEnd(i + 1);
          if (start < previous) wrong.push(`${i} goes back`);
          if (end <= start || end > base + text.length) wrong.push(`${i} ends badly`);
          if (result.starts !== undefined && (cutsPair(text, start - base) || cutsPair(text, end - base))) {
            wrong.push(`${i} cuts a pair`);
          }
          previous = start;
        }
        expect({ text, wrong }).toEqual({ text, wrong: [] });
      }
    },
  );

  it('NFC lets one character stand for all that it was made of', () => {
    const result = unicodeNormalizer('NFC').apply(new AlignedText('xe\u0301y', 10));
    expect(result.text).toBe('xéy');
    expect([...result.starts!]).toEqual([10, 11, 13]);
    expect([...result.ends!]).toEqual([11, 13, 14]);
  });

  it('BertNormalizer as a step among others isolates Chinese characters and drops accents', () => {
    const result = bertNormalizer(bert).apply(new AlignedText('É中\u0000x', 0));
    expect(result.text).toBe('e 中 x');
    expect([...result.starts!]).toEqual([0, 1, 1, 1, 3]);
  });

  it.each([
    ['marks in the wrong order', `a${'\u0301'.repeat(200_000)}${'\u0316'.repeat(200_000)}`],
    ['sigmas', 'ΑΣ.'.repeat(200_000)],
    ['dotted capitals', 'İ'.repeat(200_000)],
    ['spaces', ' '.repeat(500_000)],
  ])('take %s without sorting or rescanning them all, which would take minutes', (_, text) => {
    expect(combined.apply(new AlignedText(text, 0)).text.length).toBeLessThanOrEqual(text.length + 1);
  });
});

describe('Charsmap', () => {
  /** A double-array trie for the keys "a" → "x" and "ab" → "yz", laid out by hand. */
  function smallTable(): Uint8Array {
    const units = new Uint32Array(512);
    const unit = (label: number, offset: number, hasLeaf: boolean) => (offset << 10) | (hasLeaf ? 0x100 : 0) | label;
    units[0] = unit(0, 1, false);
    const a = 1 ^ 0x61;
    units[a] = unit(0x61, a ^ 200, true); // children at 200
    units[200] = 0x80000000; // value 0
    const b = 200 ^ 0x62;
    units[b] = unit(0x62, b ^ 300, true);
    units[300] = 0x80000002; // value 2
    const bytes = new Uint8Array(4 + 4 * units.length + 5);
    new DataView(bytes.buffer).setUint32(0, 4 * units.length, true);
    units.forEach((value, i) => {
      new DataView(bytes.buffer).setUint32(4 + 4 * i, value, true);
    });
    bytes.set(new TextEncoder().encode('x\0yz\0'), 4 + 4 * units.length);
    return bytes;
  }

  it('replaces the longest key', () => {
    const normalizer = precompiledNormalizer(new Charsmap(smallTable(), 'test'));
    const result = normalizer.apply(new AlignedText('aabcab', 0));
    expect(result.text).toBe('xyzcyz');
    expect([...result.starts!]).toEqual([0, 1, 1, 3, 4, 4]);
    expect([...result.ends!]).toEqual([1, 3, 3, 4, 6, 6]);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['a few bytes', () => Uint8Array.of(1, 2, 3)],
    ['a trie beyond the end', (bytes) => bytes.slice(0, 100)],
    [
      'a trie of odd length',
      (bytes) => {
        bytes[0] = 3;
        return bytes;
      },
    ],
  ])('refuses %s', (_, damage) => {
    expect(() => new Charsmap(damage(smallTable()), 'file')).toThrow(/^file: expected a trie and strings/);
  });

  it('fails with a message, not with nonsense, when its places are wrong', () => {
    const random = seededRandom(23);
    for (let i = 0; i < 200; i++) {
      const bytes = smallTable();
      for (let change = 0; change < 3; change++) {
        bytes[4 + Math.floor(random() * (bytes.length - 4))] = Math.floor(random() * 256);
      }
      try {
        precompiledNormalizer(new Charsmap(bytes, 'file')).apply(new AlignedText('aab ab é中', 0));
      } catch (error) {
        expect(error).toBeInstanceOf(TokenizerError);
      }
    }
  });
});
