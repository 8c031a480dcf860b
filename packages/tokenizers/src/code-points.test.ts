import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { CodePoints } from './code-points.js';
import { assertWellFormed, findLoneSurrogate } from './well-formed.js';

describe('CodePoints', () => {
  it('agrees with the iteration of strings on random texts', () => {
    const random = seededRandom(5);
    for (let i = 0; i < 300; i++) {
      const text = randomText(random, 15);
      const characters = [...text];
      const points = new CodePoints(text);
      expect(points.length).toBe(characters.length);
      let utf16 = 0;
      characters.forEach((character, index) => {
        expect(points.toUtf16(index)).toBe(utf16);
        expect(points.at(index)).toBe(character.codePointAt(0));
        for (let unit = 0; unit < character.length; unit++) expect(points.fromUtf16(utf16 + unit)).toBe(index);
        utf16 += character.length;
      });
      expect(points.toUtf16(points.length)).toBe(text.length);
      expect(points.fromUtf16(text.length)).toBe(points.length);
    }
  });

  it('slices by code points', () => {
    expect(new CodePoints('a𠮷b😀').slice(1, 3)).toBe('𠮷b');
    expect(new CodePoints('').length).toBe(0);
  });

  it('refuses places outside the text', () => {
    const points = new CodePoints('a😀');
    expect(() => points.toUtf16(3)).toThrow(ValidationError);
    expect(() => points.fromUtf16(-1)).toThrow(/from 0 to 3, found -1/);
    expect(() => points.at(2)).toThrow(/from 0 to 1, found 2/);
    expect(() => points.toUtf16(0.5)).toThrow(ValidationError);
  });
});

describe('assertWellFormed', () => {
  it('accepts pairs and refuses halves, naming the subject and the place', () => {
    expect(() => assertWellFormed('ab😀')).not.toThrow();
    expect(() => assertWellFormed('😀\ude00', 'inputs/0')).toThrow(/^inputs\/0: .*U\+DE00 at UTF-16 index 2/);
    expect(() => assertWellFormed('\ud83d\ud83d\ude00')).toThrow(/index 0/);
    expect(findLoneSurrogate('a\ud83d')).toBe(1);
    expect(findLoneSurrogate('😀')).toBe(-1);
  });
});
