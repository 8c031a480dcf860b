import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IntentExample } from '../example.js';
import { parseIntentOptions } from '../intent-config.js';
import { trainingLexicon } from './training-lexicon.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-training-lexicon-'));
  const write = (name: string, records: readonly unknown[]) =>
    writeFile(join(folder, name), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await write('names.jsonl', [
    { word: '说爱你', category: 'song', df: 4 },
    { word: '上海', category: 'place', df: 9 },
    { word: '苹果', category: 'fruit' },
    { word: '我们', category: 'song' },
  ]);
  await write('common.jsonl', [
    { word: '我们', count: 1000 },
    { surface: '你们', df: 900 },
  ]);
  await write('bad.jsonl', [{ word: '上海', category: 'place' }, { word: '北京' }]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const example = (text: string, ...slots: [value: string, type: string][]): IntentExample => ({
  text,
  labels: ['x'],
  slots: slots.map(([value, type]) => ({ value, type, start: 0, end: 0 })),
});
const examples = [
  example('放说爱你', ['说爱你', 'song']),
  example('听秘密', ['秘密', 'song']),
  example('还是秘密', ['秘密', 'song']),
  example('听秘密这张', ['秘密', 'album']),
  example('听我要听', ['我要听', 'song']),
  example('我要听歌'),
  example('我要听什么'),
  example('去北京', ['北京', 'city']),
];

const build = (lexicon: Record<string, unknown>, fusion = {}, seed = 1) =>
  trainingLexicon(examples, parseIntentOptions({ lexicon, fusion }), {
    resources: Object.fromEntries(['names', 'common', 'bad'].map((name) => [name, join(folder, `${name}.jsonl`)])),
    random: new Random(seed),
  });
const namesOf = async (lexicon: Record<string, unknown>) =>
  Array.from((await build(lexicon)).lexicon.entries, ({ surface, type }) => `${surface}:${type}`);

describe('trainingLexicon', () => {
  it('takes the values of the training split, with how often they are annotated', async () => {
    const { lexicon } = await build({});
    expect([...lexicon.entries]).toEqual([
      { surface: '北京', type: 'city', popularity: 1, source: 'training' },
      { surface: '我要听', type: 'song', popularity: 1, source: 'training' },
      { surface: '秘密', type: 'album', popularity: 1, source: 'training', ambiguous: true },
      { surface: '秘密', type: 'song', popularity: 2, source: 'training', ambiguous: true },
      { surface: '说爱你', type: 'song', popularity: 1, source: 'training' },
    ]);
  });

  it('adds outside lists, only the categories asked for, under the names asked for', async () => {
    expect(await namesOf({ fromTraining: false, resources: ['names'] })).toEqual([
      '上海:place',
      '我们:song',
      '苹果:fruit',
      '说爱你:song',
    ]);
    const categories = { place: 'city', song: 'song' };
    expect(await namesOf({ fromTraining: false, resources: ['names'], categories })).toEqual([
      '上海:city',
      '我们:song',
      '说爱你:song',
    ]);
  });

  it('drops everyday words and keeps short whitelisted ones', async () => {
    const names = await namesOf({ fromTraining: false, resources: ['names'], commonWords: 'common' });
    // Four entries: one is the top 1 %, and it is 上海.
    expect(names).toEqual(['上海:place', '苹果:fruit', '说爱你:song']);
    expect(await namesOf({ minLength: 3, whitelist: ['北京'] })).toEqual(['北京:city', '我要听:song', '说爱你:song']);
  });

  it('drops training values that mostly mean something else', async () => {
    expect(await namesOf({ minPrecision: 0.5 })).toEqual(['北京:city', '秘密:song', '说爱你:song']);
  });

  it('is empty for a text-only model', async () => {
    expect((await build({}, { mode: 'none' })).lexicon.size).toBe(0);
  });

  it('names a list that the recipe does not define, and the line of a bad record', async () => {
    await expect(build({ resources: ['nmaes'] })).rejects.toThrow(/\/lexicon\/resources names 'nmaes'/);
    await expect(build({ commonWords: 'words' })).rejects.toThrow(/\/lexicon\/commonWords names 'words'/);
    await expect(build({ resources: ['bad'] })).rejects.toThrow(/bad\.jsonl line 2: \/type must be a string/);
  });
});

describe('leave one out', () => {
  const soleTexts = async (lexicon: Record<string, unknown>) => {
    const built = await build(lexicon);
    return examples.flatMap(({ text }) =>
      built.lexicon
        .match(text)
        .flatMap(({ entry, surface, type }) => (built.isSole(entry, text) ? [`${text}:${surface}:${type}`] : [])),
    );
  };

  it('singles out matches that are known from this very text only', async () => {
    expect(await soleTexts({})).toEqual([
      '放说爱你:说爱你:song',
      '听秘密这张:秘密:album', // the song is known from two other texts
      '听我要听:我要听:song', // but not where others say it: they know it from this one
      '去北京:北京:city',
    ]);
  });

  it('spares what an outside list knows too', async () => {
    expect(await soleTexts({ resources: ['names'] })).not.toContain('放说爱你:说爱你:song');
  });

  it('goes by what an entry was before types are shuffled', async () => {
    const plain = await soleTexts({});
    const shuffled = await soleTexts({ shuffleTypes: true });
    const withoutType = (list: string[]) => list.map((name) => name.split(':').slice(0, 2).join(':'));
    expect(withoutType(shuffled)).toEqual(withoutType(plain));
    expect(shuffled).not.toEqual(plain);
  });
});

describe('shuffled types', () => {
  it('permute the types over the same surfaces, the same way for a seed', async () => {
    const types = async (shuffleTypes: boolean, seed = 1) =>
      Array.from((await build({ shuffleTypes }, {}, seed)).lexicon.entries, ({ type }) => type);
    const plain = await types(false);
    const shuffled = await types(true);
    expect(shuffled.toSorted()).toEqual(plain.toSorted());
    expect(await types(true)).toEqual(shuffled);
    const others = await Promise.all([2, 3, 4].map((seed) => types(true, seed)));
    expect(others.some((other) => other.join() !== shuffled.join())).toBe(true);
  });
});
