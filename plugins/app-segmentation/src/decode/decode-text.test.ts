import { atOnce } from '@zooid/data';
import { Random } from '@zooid/tensor';
import { type Units, unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { Dictionary } from '../lexicon/dictionary.js';
import type { LexiconEntry, LexiconMode } from '../lexicon/entry.js';
import type { Layer } from '../lexicon/lexicon-set.js';
import { wordsBetween } from '../words.js';
import { tags } from './boundaries.js';
import { decodeText } from './decode-text.js';

const layer = (mode: LexiconMode, ...entries: (string | LexiconEntry)[]): Layer => ({
  dictionary: new Dictionary(entries.map((entry) => (typeof entry === 'string' ? { surface: entry } : entry))),
  mode,
});

/** A model that is rather sure that every unit is a word of its own. */
function single(units: Units, certainty = 3): Float32Array {
  const emissions = new Float32Array(4 * units.count);
  for (let unit = 0; unit < units.count; unit++) emissions[4 * unit + tags.single] = certainty;
  return emissions;
}
function noise(units: Units, random: Random): Float32Array {
  return Float32Array.from({ length: 4 * units.count }, () => 5 * random.normal());
}
const joined = (units: Units, boundaries: Uint8Array) =>
  atOnce(wordsBetween(units, boundaries, false)).map(({ text }) => text);

function segment(text: string, layers: readonly Layer[], granularity = 'fine'): string {
  const units = unitsOf(text);
  const [boundaries] = atOnce(decodeText(units, [{ granularity, emissions: single(units) }], layers));
  return joined(units, boundaries!).join('/');
}

describe('forced entries', () => {
  it('are words whatever the model thinks', () => {
    expect(segment('移动互联网公司', [layer('force', '移动互联网')])).toBe('移动互联网/公/司');
  });

  it('are settled by length first, then from left to right', () => {
    expect(segment('甲乙丙丁', [layer('force', '甲乙', '乙丙丁')])).toBe('甲/乙丙丁');
    expect(segment('甲乙丙', [layer('force', '甲乙', '乙丙')])).toBe('甲乙/丙');
    expect(segment('甲乙丙', [layer('force', '乙', '甲乙丙')])).toBe('甲乙丙');
    // The longest in the middle leaves room for a short one on its left.
    expect(segment('甲乙丙丁戊己', [layer('force', '甲乙', '乙丙丁戊', '戊己', '甲')])).toBe('甲/乙丙丁戊/己');
  });

  it('of a layer with more rank stand, however short', () => {
    expect(segment('甲乙丙丁', [layer('force', '甲乙'), layer('force', '乙丙丁')])).toBe('甲乙/丙/丁');
    expect(segment('甲乙丙丁', [layer('prefer', '甲乙'), layer('force', '乙丙丁')])).toBe('甲/乙丙丁');
  });

  it('count at their own granularity only', () => {
    const layers = [layer('force', { surface: '甲乙', granularity: 'coarse' })];
    expect(segment('甲乙', layers, 'fine')).toBe('甲/乙');
    expect(segment('甲乙', layers, 'coarse')).toBe('甲乙');
  });

  it('may hold white space, punctuation and whole Latin words, but part of a Latin word is no match', () => {
    expect(segment('在 New York 吃', [layer('force', 'New York')])).toBe('在/ /New York/ /吃');
    expect(segment('学C++。', [layer('force', 'C++')])).toBe('学/C++/。');
    expect(segment('MAIL的AI', [layer('force', 'AI')])).toBe('MAIL/的/AI');
    expect(segment('11号线', [layer('force', '1号线')])).toBe('11/号/线');
    expect(segment('👨‍👩‍👧好', [layer('force', '👨')])).toBe('👨‍👩‍👧/好');
  });

  it('hold wherever they stand in a long text, also where it is searched in stretches', () => {
    const filler = '的'.repeat(4095);
    const text = `${filler}𠮷野家在${filler}𠮷野家${filler}`;
    const words = segment(text, [layer('force', '𠮷野家')]).split('/');
    expect(words.filter((word) => word === '𠮷野家')).toHaveLength(2);
    expect(words.join('')).toBe(text);
    for (let shift = 0; shift < 6; shift++) {
      const shifted = `${'的'.repeat(8188 + shift)}𠮷野家`;
      expect(segment(shifted, [layer('force', '𠮷野家')]).endsWith('/𠮷野家')).toBe(true);
    }
  });
});

describe('preferred entries', () => {
  it('win where the model is in doubt, and yield where it is certain', () => {
    const text = '移动互联网';
    expect(segment(text, [layer('prefer', '移动互联网')])).toBe('移动互联网');
    expect(segment(text, [layer('prefer', { surface: '移动互联网', weight: 1 })])).toBe('移/动/互/联/网');
    expect(segment('在 New York 吃', [layer('prefer', 'New York')])).toBe('在/ /New York/ /吃');
    expect(segment('甲乙', [layer('prefer', { surface: '甲乙', granularity: 'coarse' })])).toBe('甲/乙');
  });

  it('can speak for a word of one character', () => {
    const units = unitsOf('甲乙');
    const emissions = Float32Array.from([2, 0, 0, 0, 0, 0, 2, 0]);
    const layers = [layer('prefer', '甲')];
    const [boundaries] = atOnce(decodeText(units, [{ granularity: 'fine', emissions }], layers));
    expect(joined(units, boundaries!)).toEqual(['甲', '乙']);
  });
});

const alphabet = ['甲', '乙', '丙', '丁', 'ab', '7', ' ', '😀', '。'];
const randomText = (random: Random, most: number) =>
  Array.from({ length: 1 + random.int(most) }, () => random.choice(alphabet)).join('');
const granularities = [undefined, 'fine', 'coarse'] as const;

/** Mostly pieces of the text, so that they are found in it, also where they divide a unit. */
function randomEntries(random: Random, text: string): LexiconEntry[] {
  const characters = Array.from(text);
  return Array.from({ length: 1 + random.int(5) }, () => {
    const start = random.int(characters.length);
    const piece = characters.slice(start, start + 1 + random.int(5)).join('');
    const surface = piece.trim() === '' || random.bernoulli(0.2) ? `甲${randomText(random, 3)}` : piece;
    const granularity = random.choice(granularities);
    return granularity === undefined ? { surface } : { surface, granularity };
  });
}

/** What the documentation promises, in the plainest way: every match at unit borders, longest first, then leftmost. */
function promised(units: Units, entries: readonly LexiconEntry[], granularity: string): [number, number][] {
  const { text, starts, count } = units;
  const matches: [number, number][] = [];
  for (let first = 0; first < count; first++) {
    for (let end = first + 1; end <= count; end++) {
      const surface = text.slice(starts[first]!, starts[end]!);
      const isEntry = entries.some(
        (entry) => entry.surface === surface && (entry.granularity ?? granularity) === granularity,
      );
      if (isEntry) matches.push([first, end]);
    }
  }
  matches.sort(([a, b], [c, d]) => d - c - (b - a) || a - c);
  const kept: [number, number][] = [];
  for (const [first, end] of matches) {
    if (kept.every(([a, b]) => end <= a || b <= first)) kept.push([first, end]);
  }
  return kept;
}

const isWord = (boundaries: Uint8Array, first: number, end: number): boolean =>
  boundaries[first] === 1 && boundaries[end] === 1 && !boundaries.subarray(first + 1, end).includes(1);

describe('of random texts, entries and models', () => {
  it('forced entries are obeyed in all of 10,000 cases', { timeout: 60_000 }, () => {
    const random = new Random(11);
    let words = 0;
    const disobeyed: unknown[] = [];
    for (let round = 0; round < 10_000; round++) {
      const units = unitsOf(randomText(random, 24));
      const entries = randomEntries(random, units.text);
      const granularity = random.choice(['fine', 'coarse']);
      const scored = [{ granularity, emissions: noise(units, random) }];
      const layers = [layer('force', ...entries), layer('prefer', ...randomEntries(random, units.text))];
      const [boundaries] = atOnce(decodeText(units, scored, layers));
      for (const [first, end] of promised(units, entries, granularity)) {
        words++;
        if (!isWord(boundaries!, first, end)) disobeyed.push({ text: units.text, entries, first, end });
      }
    }
    expect(disobeyed).toEqual([]);
    expect(words).toBeGreaterThan(10_000);
  });

  it('the fine words of both lie within the coarse ones, whatever is forced and preferred', () => {
    const random = new Random(13);
    for (let round = 0; round < 3000; round++) {
      const units = unitsOf(randomText(random, 20));
      const scored = ['coarse', 'fine'].map((granularity) => ({ granularity, emissions: noise(units, random) }));
      const layers = (['force', 'prefer', 'force'] as const).map((mode) =>
        layer(mode, ...randomEntries(random, units.text)),
      );
      const [coarse, fine] = atOnce(decodeText(units, scored, layers));
      expect(coarse!.every((boundary, place) => boundary <= fine![place]!)).toBe(true);
    }
  });

  it('entries for every granularity are obeyed by both at once', () => {
    const random = new Random(17);
    for (let round = 0; round < 2000; round++) {
      const units = unitsOf(randomText(random, 20));
      const entries = randomEntries(random, units.text).map(({ surface }) => ({ surface }));
      const scored = ['coarse', 'fine'].map((granularity) => ({ granularity, emissions: noise(units, random) }));
      const both = atOnce(decodeText(units, scored, [layer('force', ...entries)]));
      for (const [first, end] of promised(units, entries, 'fine')) {
        expect(both.every((boundaries) => isWord(boundaries, first, end))).toBe(true);
      }
    }
  });

  it('a forced fine word that a forced coarse one would cut is settled by length', () => {
    const units = unitsOf('甲乙丙丁');
    const run = (...entries: LexiconEntry[]) => {
      const scored = ['coarse', 'fine'].map((granularity) => ({ granularity, emissions: single(units) }));
      return atOnce(decodeText(units, scored, [layer('force', ...entries)])).map((found) =>
        joined(units, found).join('/'),
      );
    };
    const coarse = { surface: '甲乙', granularity: 'coarse' };
    const fine = { surface: '乙丙丁', granularity: 'fine' };
    expect(run(coarse, fine)).toEqual(['甲/乙丙丁', '甲/乙丙丁']);
    expect(run(coarse, { surface: '乙', granularity: 'fine' })).toEqual(['甲乙/丙/丁', '甲/乙/丙/丁']);
  });
});
