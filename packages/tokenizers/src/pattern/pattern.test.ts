import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from '../__golden__/random-text.js';
import { TokenizerError } from '../errors.js';
import { Pattern } from './pattern.js';

function matches(source: string, text: string): string[] {
  const found: string[] = [];
  new Pattern(source, 'test').forEachMatch(
    text,
    0,
    text.length,
    (start, end) => found.push(text.slice(start, end)) > 0,
  );
  return found;
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** Patterns of real tokenizer files, and small ones that try one thing each. `\s`, `.` and `$` are left out: JavaScript's are others. */
const patterns = [
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+",
  `[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\p{Zs}\\p{L}\\p{N}]+[\\r\\n]*|\\p{Zs}*[\\r\\n]+|\\p{Zs}+`,
  '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|\\p{N}{1,3}',
  '[一-龥\\u3040-ゟ゠-ヿ]+|[A-Za-z]+',
  'ab|a|abc',
  'a*?b|a+',
  '(a|b)*c|b+',
  '(?:ab?){2,3}',
  'a{0,2}b{2}',
  '(?:a|ab)(?:c|bcd)?',
  '[^\\n]+?,|[^,]',
  '(?=a)[^\\n]{2}|b(?!a)',
  '(?:)|a|(?:b*)*',
  '[\\]a-c\\-]+|[^a-c]',
];

describe('Pattern', () => {
  it.each(patterns)('finds what RegExp finds: %s', (source) => {
    const random = seededRandom(5);
    const peer = new RegExp(source, 'gu');
    const pattern = new Pattern(source, 'test');
    for (let i = 0; i < 400; i++) {
      const text =
        i % 2 === 0
          ? randomText(random, 20)
          : Array.from({ length: 12 }, () => "abcd, '\n1é"[Math.floor(random() * 10)]).join('');
      const found: number[][] = [];
      pattern.forEachMatch(text, 0, text.length, (start, end) => found.push([start, end]) > 0);
      const expected = Array.from(text.matchAll(peer), ({ index, 0: { length } }) => [index, index + length]);
      expect({ text, found }).toEqual({ text, found: expected.filter(([start, end]) => end! > start!) });
    }
  });

  // Results of Oniguruma, by way of Split in Hugging Face's tokenizers 0.23.2.
  it.each<[string, string, string[]]>([
    ['\\w+', 'a²Ⅷⓐ\u0345\u0303‿٣-\u200db', ['a²Ⅷⓐ\u0345\u0303‿٣', 'b']],
    ['\\s', '\u0085\ufeff\u180e', ['\u0085']],
    ['\\d', '1²', ['1']],
    ['(?i:s)', 'ſS', ['ſ', 'S']],
    ['(?i:k)', 'K', ['K']],
    ['(?i:[^a])', 'Ab', ['b']],
    ['(?i)x|y', 'Yx', ['Y', 'x']],
    ['^b', 'a\nb', ['b']],
    ['a$', 'a\na', ['a', 'a']],
    ['\\Aa|b\\z', 'a\nab\nb', ['a', 'b']],
    ['\\p{Han}+', '中文a', ['中文']],
    ['\\p{^L}', 'a1', ['1']],
    ['[^(\\s|[.,])]+', 'ab(c.d', ['ab', 'c', 'd']],
    ['[\\p{L}&&[^\\p{Han}]]+', '中ab文', ['ab']],
    [`${contractions}|\\p{L}+`, "I'LL", ['I', "'LL"]],
    ['\\x{4e2d}|\\u6587|\\x41', '中文A', ['中', '文', 'A']],
    ['[a-]+|[]x]', 'a-]x', ['a-', ']', 'x']],
  ])('reads Oniguruma: %s', (source, text, expected) => {
    expect(matches(source, text)).toEqual(expected);
  });

  it('takes the stretch it is given for the whole text, and stops when told to', () => {
    const found: number[] = [];
    new Pattern('^a|a$', 'test').forEachMatch('aaaa', 1, 4, (start) => found.push(start) < 1);
    expect(found).toEqual([1]);
  });

  it.each([
    ['(a+)+$', 'a'.repeat(100_000)],
    ['(a|a)*b|a', 'a'.repeat(1000)],
    ['(?:a?){50}a{50}', 'a'.repeat(50)],
    ['(\\p{L}+\\s?)+!|.', 'word '.repeat(20)],
  ])('needs no backtracking: %s', (source, text) => {
    expect(matches(source, text).join('')).toHaveLength(text.length);
  });

  it('gives up where a pattern reads the text over and over', () => {
    expect(() => matches('a*b|a', 'a'.repeat(5000))).toThrow(TokenizerError);
    expect(() => matches('a*b|a', 'a'.repeat(5000))).toThrow(/again and again/);
  });

  it('keeps its table small whatever comes', () => {
    // Which of the last 12 characters were an a: 4096 states, more than are kept.
    const random = seededRandom(9);
    const text = Array.from({ length: 30_000 }, () => 'ab'[Math.floor(random() * 2)]).join('');
    expect(matches('(?:a|b)*a(?:a|b){12}', text)).toEqual(text.match(/(?:a|b)*a(?:a|b){12}/g));
  });

  it.each([
    ['a(?<=b)', /this kind of group is not supported/],
    ['(?>a)', /this kind of group/],
    ['a(?!bc)', /further than one character/],
    ['a++', /possessive/],
    ['(a)\\1', /the escape \\1 is not supported/],
    ['\\bword', /the escape \\b/],
    ['\\p{Nonsense}', /the property "Nonsense" is not known/],
    ['\\p{L}]|(', /closing parenthesis/],
    ['[a', /closing bracket/],
    ['[z-a]', /in order/],
    ['[[:alpha:]]', /POSIX/],
    ['a{5000}', /at most 1000/],
    ['a{3,2}', /in order/],
    ['(?:(?:a{1000}){1000}){1000}', /more than 5000 steps/],
    ['*', /something to repeat/],
    ['a**', /one repeat at a time/],
    ['a)', /end of the pattern/],
    ['\\', /expected more/],
    ['\\x{110000}', /code point of Unicode/],
    ['('.repeat(1000), /nested groups/],
    ['['.repeat(1000), /nested classes/],
    ['a'.repeat(20_000), /at most 10000 are read/],
  ])('refuses %s', (source, message) => {
    expect(() => new Pattern(source, 'place')).toThrow(TokenizerError);
    expect(() => new Pattern(source, 'place')).toThrow(message);
  });
});
