import { tokenizerFromVocab } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { Lexicon } from './lexicon/lexicon.js';
import { labelPositions, type PlacedMatch, placeMatch } from './placed-match.js';
import { places, SlotLabels } from './slot-labels.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const pieces = ['jay', 'ch', '##ou', 'play', '##ing', 'be', '##yond', 'a', '##b'];
const tokenizer = tokenizerFromVocab([...special, ...pieces, ...new Set('想听说不出的秘密我这个放北京')], {
  lowercase: true,
});

type Entry = [surface: string, type: string, popularity?: number];

/** Label names per token, special tokens included. */
function labelsOf(text: string, entries: Entry[], { limit = 8, maxLength = 64 } = {}): string[][] {
  const lexicon = Lexicon.build(entries.map(([surface, type, popularity = 1]) => ({ surface, type, popularity })));
  const { offsets, length } = tokenizer.encode(text, { maxLength });
  const placed = lexicon.match(text).flatMap((match): PlacedMatch[] => {
    const found = placeMatch(match, text, offsets);
    return found === undefined ? [] : [{ ...found, sole: false }];
  });
  const labels = new SlotLabels([...new Set(entries.map(([, type]) => type))].sort());
  const nameOf = (label: number) =>
    label === 1 ? 'NONE' : `${labels.types[(label - 2) >> 2] ?? '?'}-${places[(label - 2) & 3]}`;
  return labelPositions(length, placed, labels, limit).map((here) => here.map(nameOf));
}

const songs: Entry[] = [
  ['说不出的秘密', 'song'],
  ['秘密', 'song'],
];
const none = ['NONE'];

describe('labels of the reference queries, token index = character offset + 1', () => {
  it('想听说不出的秘密', () => {
    expect(labelsOf('想听说不出的秘密', songs)).toEqual([
      none, // [CLS]
      none,
      none,
      ['song-B'],
      ['song-I'],
      ['song-I'],
      ['song-I'],
      ['song-I', 'song-B'],
      ['song-E'],
      none, // [SEP]
    ]);
  });

  it('我不想说出这个秘密', () => {
    expect(labelsOf('我不想说出这个秘密', songs)).toEqual([
      ...Array.from({ length: 8 }, () => none),
      ['song-B'],
      ['song-E'],
      none,
    ]);
  });

  it('become NONE when the songs are taken from the lexicon', () => {
    const labels = labelsOf('想听说不出的秘密', [['北京', 'city']]);
    expect(labels).toEqual(Array.from({ length: 10 }, () => none));
  });
});

describe('placeMatch', () => {
  it('gives a word piece the places of all its characters', () => {
    expect(tokenizer.encode('play jay chou').tokens).toEqual(['[CLS]', 'play', 'jay', 'ch', '##ou', '[SEP]']);
    expect(labelsOf('play jay chou', [['jay chou', 'singer']])).toEqual([
      none,
      none,
      ['singer-B', 'singer-I'],
      ['singer-I'],
      ['singer-I', 'singer-E'],
      none,
    ]);
    expect(labelsOf('放jay', [['jay', 'singer']])[2]).toEqual(['singer-B', 'singer-I', 'singer-E']);
    expect(labelsOf('放ab', [['ab', 'x']])).toEqual([none, none, ['x-B'], ['x-E'], none]);
    expect(labelsOf('放be', [['be', 'x']])[2]).toEqual(['x-B', 'x-E']);
  });

  it('gives a single character its own place', () => {
    expect(labelsOf('放a', [['a', 'x']])[2]).toEqual(['x-S']);
    expect(labelsOf('放😀', [['😀', 'mood']])[2]).toEqual(['mood-S']);
  });

  it('counts a surrogate pair as one character', () => {
    expect(tokenizer.encode('放😀秘').tokens).toEqual(['[CLS]', '放', '[UNK]', '秘', '[SEP]']);
    expect(labelsOf('放😀秘', [['😀秘', 'x']]).slice(2, 4)).toEqual([['x-B'], ['x-E']]);
    expect(labelsOf('放秘😀', [['秘😀', 'x']]).slice(2, 4)).toEqual([['x-B'], ['x-E']]);
  });

  it('covers what truncation left of a match, without an end', () => {
    const labels = labelsOf('想听说不出的秘密', songs, { maxLength: 6 });
    expect(labels).toEqual([none, none, none, ['song-B'], ['song-I'], none]);
  });

  it('leaves out matches that truncation cut off', () => {
    expect(labelsOf('我不想说出这个秘密', songs, { maxLength: 6 })).toEqual(Array.from({ length: 6 }, () => none));
  });
});

describe('labelPositions', () => {
  it('puts longer matches first, then more popular ones, and stops at the limit', () => {
    const entries: Entry[] = [
      ['秘密', 'album', 1],
      ['秘密', 'song', 5],
      ['的秘密', 'film', 0],
    ];
    expect(labelsOf('的秘密', entries)[2]).toEqual(['film-I', 'song-B', 'album-B']);
    expect(labelsOf('的秘密', entries, { limit: 2 })[2]).toEqual(['film-I', 'song-B']);
    expect(labelsOf('的秘密', entries, { limit: 1 })[3]).toEqual(['film-E']);
  });

  it('gives types without rows of their own the shared ones, and NONE to a model that knows no type', () => {
    const labels = new SlotLabels(['song']);
    expect(places.map((place) => labels.id('song', place))).toEqual([2, 3, 4, 5]);
    expect(places.map((place) => labels.id('podcast', place))).toEqual([6, 7, 8, 9]);
    expect(labels.rows).toBe(10);
    expect(new SlotLabels([]).id('song', 'B')).toBe(1);
  });
});
