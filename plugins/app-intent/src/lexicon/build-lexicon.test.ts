import { describe, expect, it } from 'vitest';
import { buildLexicon } from './build-lexicon.js';
import type { LexiconEntry } from './entry.js';

const entry = (surface: string, type = 'song', popularity = 1, source?: string): LexiconEntry => ({
  surface,
  type,
  popularity,
  ...(source === undefined ? {} : { source }),
});
const surfaces = (entries: readonly LexiconEntry[]) => entries.map(({ surface }) => surface);

describe('buildLexicon', () => {
  it('merges what normalises alike, adds up popularity and keeps the first raw surface', () => {
    const built = buildLexicon([entry('《秘密》', 'song', 2), entry('秘 密', 'song', 3), entry('北京', 'city')], {
      minLength: 2,
    });
    expect(built).toEqual([entry('北京', 'city'), entry('《秘密》', 'song', 5)]);
  });

  it('marks surfaces with several types as ambiguous and keeps all of them', () => {
    const built = buildLexicon([entry('苹果', 'food'), entry('蘋果', 'company'), entry('香蕉', 'food')], {
      minLength: 2,
    });
    expect(built.map(({ surface, ambiguous }) => [surface, ambiguous])).toEqual([
      ['蘋果', true],
      ['苹果', true],
      ['香蕉', undefined],
    ]);
  });

  it('drops surfaces that are too short in code points, unless they are whitelisted', () => {
    const entries = [entry('借'), entry('光'), entry('😀'), entry('😀光'), entry('…')];
    expect(surfaces(buildLexicon(entries, { minLength: 2 }))).toEqual(['😀光']);
    expect(surfaces(buildLexicon(entries, { minLength: 2, whitelist: new Set(['光']) }))).toEqual(['光', '😀光']);
    expect(buildLexicon(entries, { minLength: 1 })).toHaveLength(4);
  });

  it('drops everyday words but for the most popular 1 % of their source, which it marks', () => {
    const list = Array.from({ length: 200 }, (_, i) => entry(`歌名${i}`, 'song', 20, 'charts'));
    const entries = [...list, entry('我们', 'song', 10, 'charts'), entry('少年', 'song', 99, 'charts')];
    const built = buildLexicon(entries, { minLength: 2, commonWords: new Set(['我们', '少年']) });
    expect(surfaces(built)).not.toContain('我们');
    expect(built.find(({ surface }) => surface === '少年')).toEqual({
      ...entry('少年', 'song', 99, 'charts'),
      ambiguous: true,
    });
    expect(built).toHaveLength(201);
  });

  it('keeps the outside list as the source of what training also has', () => {
    const built = buildLexicon([entry('秘密', 'song', 1, 'training'), entry('秘密', 'song', 4, 'charts')], {
      minLength: 2,
    });
    expect(built).toEqual([entry('秘密', 'song', 5, 'charts')]);
  });

  it('gives equal lexicons for equal entries in any order', () => {
    const entries = [entry('秘密'), entry('北京', 'city'), entry('秘密', 'album')];
    expect(buildLexicon([...entries].reverse(), { minLength: 2 })).toEqual(buildLexicon(entries, { minLength: 2 }));
  });
});
