import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { Lexicon } from './lexicon.js';
import { normalizeSurface } from './normalize.js';
import { simplifiedCharacters } from './simplified-characters.js';

const lexiconOf = (...entries: [surface: string, type: string, popularity?: number][]) =>
  Lexicon.build(entries.map(([surface, type, popularity = 1]) => ({ surface, type, popularity })));
const found = (lexicon: Lexicon, text: string) => lexicon.match(text).map(({ start, end }) => text.slice(start, end));

describe('Lexicon', () => {
  const songs = lexiconOf(['说不出的秘密', 'song', 9], ['秘密', 'song', 2]);

  it('finds overlapping entries of the reference queries at their places', () => {
    const spans = (text: string) => songs.match(text).map(({ start, end }) => [start, end]);
    expect(spans('想听说不出的秘密')).toEqual([
      [2, 8],
      [6, 8],
    ]);
    expect(spans('我不想说出这个秘密')).toEqual([[7, 9]]);
  });

  it('says which entry matched, with what belongs to it', () => {
    expect(songs.match('秘密')).toEqual([{ entry: 1, surface: '秘密', type: 'song', popularity: 2, start: 0, end: 2 }]);
  });

  it.each([
    ['traditional characters', '想聽說不出的祕密', '說不出的祕密'],
    ['spaces and punctuation inside', '听《说不出 的 秘·密》吧', '说不出 的 秘·密'],
    ['an emoji before', '😀说不出的秘密', '说不出的秘密'],
    ['an emoji of several code points after', '说不出的秘密👨‍👩‍👧', '说不出的秘密'],
  ])('matches through %s, at places of the original text', (_, text, expected) => {
    expect(found(songs, text)[0]).toBe(expected);
  });

  it('matches full width and capitals, in texts and in surfaces', () => {
    const lexicon = lexiconOf(['ＡＢＣ之歌', 'song'], ['Jay Chou', 'singer'], ['說愛你', 'song']);
    expect(found(lexicon, '放abc之歌')).toEqual(['abc之歌']);
    expect(found(lexicon, 'ＪＡＹ　ｃｈｏｕ的歌')).toEqual(['ＪＡＹ　ｃｈｏｕ']);
    expect(found(lexicon, '我要听说爱你')).toEqual(['说爱你']);
    expect(lexicon.entries.at(2).surface).toBe('說愛你');
  });

  it('splits no Latin word and no number of the text', () => {
    const lexicon = lexiconOf(['art', 'genre'], ['19', 'number'], ['歌', 'word']);
    expect(found(lexicon, 'start the art')).toEqual(['art']);
    expect(found(lexicon, '1990 19 19岁')).toEqual(['19', '19']);
    expect(found(lexicon, 'art歌19')).toEqual(['art', '歌', '19']);
  });

  it('looks no further than it is told, and still sees the word at the end as whole', () => {
    const lexicon = lexiconOf(['start', 'verb'], ['art', 'genre'], ['秘密', 'song']);
    const spans = (text: string, end: number) => lexicon.match(text, end).map((match) => [match.start, match.end]);
    expect(spans('秘密 starting 秘密', 8)).toEqual([[0, 2]]);
    expect(spans('秘密😀秘密', 3)).toEqual([[0, 2]]);
  });

  it('keeps the 32 longest of the matches that end at one place', () => {
    const surfaces = Array.from({ length: 60 }, (_, i) => '啊'.repeat(i + 1));
    const lexicon = Lexicon.build(surfaces.map((surface) => ({ surface, type: 'cry', popularity: 1 })));
    const lengths = lexicon.match('啊'.repeat(60)).flatMap(({ start, end }) => (end === 60 ? end - start : []));
    expect(lengths).toEqual(Array.from({ length: 32 }, (_, i) => 60 - i));
  });

  it('refuses a surface that normalisation leaves nothing of', () => {
    expect(() => lexiconOf(['……', 'song'])).toThrow(ValidationError);
  });

  it('has a version that tells contents apart', () => {
    const { version } = lexiconOf(['秘密', 'song']);
    expect(lexiconOf(['秘密', 'song']).version).toBe(version);
    expect(lexiconOf(['秘密', 'album']).version).not.toBe(version);
    expect(lexiconOf(['秘密', 'song', 2]).version).not.toBe(version);
  });

  it('matches the same after a move to another thread', () => {
    const text = '想聽說不出的秘密，😀秘密';
    const lexicon = lexiconOf(['说不出的秘密', 'song', 9], ['秘密', 'album', 2]);
    const expected = { matches: lexicon.match(text), version: lexicon.version, entries: [...lexicon.entries] };
    const { parts, transfer } = lexicon.toTransferable();
    const moved = Lexicon.fromTransferable(structuredClone(parts, { transfer }));
    expect({ matches: moved.match(text), version: moved.version, entries: [...moved.entries] }).toEqual(expected);
  });
});

describe('simplified characters', () => {
  it('turn what is written in traditional characters into simplified ones', () => {
    expect(normalizeSurface('電腦軟體與網際網路')).toBe('电脑软体与网际网路');
    expect(normalizeSurface('龍門飛甲・臺灣')).toBe('龙门飞甲台湾');
  });

  it('leave simplified and other characters alone, and applying them twice changes nothing', () => {
    expect(normalizeSurface('电脑软体與ＡＢＣ')).toBe('电脑软体与abc');
    for (const simplified of simplifiedCharacters.values()) expect(simplifiedCharacters.has(simplified)).toBe(false);
  });

  it('are pairs of single characters that normalisation forms do not touch', () => {
    expect(simplifiedCharacters.size).toBeGreaterThan(3000);
    for (const [traditional, simplified] of simplifiedCharacters) {
      expect([...traditional, ...simplified]).toHaveLength(2);
      expect((traditional + simplified).normalize('NFKC')).toBe(traditional + simplified);
    }
  });
});
