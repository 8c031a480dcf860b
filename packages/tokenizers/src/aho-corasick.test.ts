import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { seededRandom } from './__golden__/random-text.js';
import { AhoCorasick, type LexiconEntry } from './aho-corasick.js';
import { createTextNormalizer, isSpaceOrPunctuation } from './normalized-text.js';

const places = <T>(automaton: AhoCorasick<T>, text: string) =>
  [...automaton.match(text)].map(({ entry, start, end }) => `${entry}:${start}-${end}`);

function bruteForce(entries: readonly LexiconEntry<unknown>[], text: string): string[] {
  const found: string[] = [];
  entries.forEach(({ surface }, entry) => {
    for (let at = text.indexOf(surface); at !== -1; at = text.indexOf(surface, at + 1)) {
      found.push(`${entry}:${at}-${at + surface.length}`);
    }
  });
  return found.sort();
}

describe('AhoCorasick', () => {
  it('finds overlapping and nested entries, with places in UTF-16 units and in code points', () => {
    const songs = AhoCorasick.build([
      { surface: '说不出的秘密', value: 'long' },
      { surface: '秘密', value: 'short' },
    ]);
    expect([...songs.match('😀听说不出的秘密')]).toEqual([
      { entry: 0, surface: '说不出的秘密', value: 'long', start: 3, end: 9, codePointStart: 2, codePointEnd: 8 },
      { entry: 1, surface: '秘密', value: 'short', start: 7, end: 9, codePointStart: 6, codePointEnd: 8 },
    ]);
    expect(places(songs, '我不想说出这个秘密')).toEqual(['1:7-9']);
  });

  it('finds what brute force finds on 10,000 random strings', () => {
    const random = seededRandom(42);
    // Few characters, so that entries nest and overlap; a shared high surrogate, so that halves must not match.
    const alphabet = ['a', 'b', '中', '😀', '😁', '𠮷', '\u0301'];
    const word = (length: number) =>
      Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]!).join('');
    for (let round = 0; round < 200; round++) {
      const entries = Array.from({ length: 1 + Math.floor(random() * 30) }, (_, value) => ({
        surface: word(1 + Math.floor(random() * 5)),
        value,
      }));
      const automaton = AhoCorasick.build(entries);
      for (let i = 0; i < 50; i++) {
        const text = word(Math.floor(random() * 25));
        const expected = bruteForce(entries, text);
        expect(places(automaton, text).sort()).toEqual(expected);
        const visited: string[] = [];
        automaton.forEachMatch(text, (entry, start, end) => {
          visited.push(`${entry}:${start}-${end}`);
          return true;
        });
        expect(visited.sort()).toEqual(expected);
      }
    }
  });

  it('reports every value of a surface that was given several times, in order', () => {
    const automaton = AhoCorasick.build([
      { surface: '苹果', value: 'company' },
      { surface: '果', value: 'part' },
      { surface: '苹果', value: 'fruit' },
    ]);
    expect([...automaton.match('苹果')].map(({ value }) => value)).toEqual(['company', 'fruit', 'part']);
    expect(automaton.size).toBe(3);
    expect(automaton.entryAt(2)).toEqual({ surface: '苹果', value: 'fruit' });
    expect(() => automaton.entryAt(3)).toThrow(/from 0 to 2, found 3/);
  });

  it('matches normalised text and reports places in the original', () => {
    const normalize = createTextNormalizer({
      characterMap: new Map([
        ['愛', '爱'],
        ['藍', '蓝'],
      ]),
      drop: isSpaceOrPunctuation,
    });
    const automaton = AhoCorasick.build(
      [
        { surface: '爱，蓝', value: 1 },
        { surface: 'ABC', value: 2 },
        { surface: '株式', value: 3 },
        { surface: 'cafe\u0301', value: 4 },
      ],
      { normalize },
    );
    const text = '😀 愛 藍! ＡｂＣ ㍿ CAFÉ cafe\u0301s';
    const found = [...automaton.match(text)];
    expect(found.map(({ start, end, value }) => [text.slice(start, end), value])).toEqual([
      ['愛 藍', 1],
      ['ＡｂＣ', 2],
      ['㍿', 3],
      ['CAFÉ', 4],
      ['cafe\u0301', 4],
    ]);
    expect(found[0]).toMatchObject({ start: 3, end: 6, codePointStart: 2, codePointEnd: 5 });
    expect(found[0]?.surface).toBe('爱，蓝');
  });

  it('stops when the visitor says so, and produces matches only as they are asked for', () => {
    // 1000 nested entries in 1 MB: a billion matches, of which three are looked at.
    const entries = Array.from({ length: 1000 }, (_, i) => ({ surface: 'a'.repeat(i + 1), value: i }));
    const automaton = AhoCorasick.build(entries);
    const text = 'a'.repeat(1_000_000);
    let seen = 0;
    automaton.forEachMatch(text, () => ++seen < 3);
    expect(seen).toBe(3);
    const first: number[] = [];
    for (const { value } of automaton.match(text)) {
      first.push(value);
      if (first.length === 3) break;
    }
    expect(first).toEqual([0, 1, 0]);
  });

  it('has a version that changes with any surface, value or order, and with nothing else', () => {
    const entries = [
      { surface: 'ab', value: { type: 'x' } },
      { surface: 'c', value: { type: 'y' } },
    ];
    const { version } = AhoCorasick.build(entries);
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    expect(AhoCorasick.build(structuredClone(entries)).version).toBe(version);
    const others = [
      [...entries].reverse(),
      entries.slice(0, 1),
      [{ surface: 'ab', value: { type: 'z' } }, entries[1]!],
      [{ surface: 'a', value: { type: 'x' } }, entries[1]!],
    ];
    expect(new Set([version, ...others.map((other) => AhoCorasick.build(other).version)]).size).toBe(5);
  });

  it.each([3, 2000])('matches the same after a move to another thread (%i entries)', (count) => {
    const random = seededRandom(7);
    const word = (length: number) =>
      Array.from({ length }, () => String.fromCodePoint(0x4e00 + Math.floor(random() * 300))).join('');
    const entries = Array.from({ length: count }, (_, value) => ({
      surface: word(1 + Math.floor(random() * 4)),
      value,
    }));
    const options = { normalize: createTextNormalizer({ drop: isSpaceOrPunctuation }) };
    const built = AhoCorasick.build(entries, options);
    const { version, size } = built;
    const text = Array.from({ length: 50 }, () => `${word(10)}，😀`).join('');
    const expected = [...built.match(text)];

    const { parts, transfer } = built.toTransferable();
    const moved = structuredClone(parts, { transfer });
    expect(transfer.every(({ byteLength }) => byteLength === 0)).toBe(true);
    const revived = AhoCorasick.fromTransferable(moved, (index) => entries[index]!, options);
    expect([...revived.match(text)]).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
    expect({ version: revived.version, size: revived.size }).toEqual({ version, size });
    expect(revived.entryAt(1)).toEqual(entries[1]);
    expect(() => revived.entryAt(count)).toThrow(ValidationError);
  });

  it('is light when it holds little', () => {
    const { transfer } = AhoCorasick.build([{ surface: '说不出的秘密', value: 1 }]).toTransferable();
    expect(transfer.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(2048);
  });

  it('lists the surfaces it cannot take', () => {
    const normalize = createTextNormalizer({ drop: isSpaceOrPunctuation });
    const entries = [
      { surface: '', value: 0 },
      { surface: 'ok', value: 1 },
      { surface: 'a\ud800', value: 2 },
      { surface: '……', value: 3 },
      { surface: 7 as unknown as string, value: 4 },
    ];
    const build = () => AhoCorasick.build(entries, { normalize });
    expect(build).toThrow(ValidationError);
    expect(build).toThrow(
      /\/0\/surface .*empty string; \/2\/surface .*lone surrogate.*\/3\/surface is "……".*\/4\/surface expected a string/,
    );
    expect(() => AhoCorasick.build(new Array(1000).fill({ surface: '', value: 0 }))).toThrow(ValidationError);
  });

  it('takes an empty lexicon and an empty text, and refuses a lone surrogate', () => {
    const empty = AhoCorasick.build<string>([]);
    expect([...empty.match('abc')]).toEqual([]);
    expect(empty.size).toBe(0);
    expect(() => [...empty.match('\ud800')]).toThrow(ValidationError);
    expect(() => empty.forEachMatch('\udc00', () => true)).toThrow(ValidationError);
  });
});
