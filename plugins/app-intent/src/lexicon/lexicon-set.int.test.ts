import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ValidationError } from '@zooid/common';
import { validateDto } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LexiconBody } from '../dto.js';
import type { LexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';
import { LexiconSet } from './lexicon-set.js';

let folder: string;
let events: { level: string; message: string }[];
let sets: LexiconSet[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-lexicons-'));
  await mkdir(join(folder, 'lexicons'));
  events = [];
  sets = [];
});
afterEach(async () => {
  await Promise.all(sets.map((set) => set[Symbol.asyncDispose]()));
  await rm(folder, { recursive: true, force: true });
});

const jsonLines = (records: readonly unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const writeList = (name: string, records: readonly unknown[]) =>
  writeFile(join(folder, 'lexicons', name), jsonLines(records));
const open = async (): Promise<LexiconSet> => {
  const set = await LexiconSet.open(folder, (event) => events.push(event));
  sets.push(set);
  return set;
};
const song = (surface: string, popularity = 1) => ({ surface, type: 'song', popularity });
const body = (fields: object): LexiconBody => validateDto(LexiconBody, fields, 'body');
const types = (set: LexiconSet, text: string) => set.current.match(text).map(({ type }) => type);
const issuesOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => expect.fail('expected a refusal'),
    (reason: unknown) => reason,
  );
  return (error as ValidationError).issues;
};

const songs = [song('说不出的秘密', 9), song('秘密'), song('晴天')];

describe('the lexicons of a model folder', () => {
  it('are its word lists by name, plain or compressed, as one lexicon', async () => {
    await writeList('songs.jsonl', songs);
    await writeFile(
      join(folder, 'lexicons/cities.jsonl.gz'),
      gzipSync(jsonLines([{ word: '北京', category: 'city', df: 3 }])),
    );
    await writeList('notes.txt', []);
    await writeList('.songs.jsonl', [{ broken: true }]);
    const set = await open();
    expect(set.list().map(({ name, size }) => [name, size])).toEqual([
      ['cities', 1],
      ['songs', 3],
    ]);
    expect(types(set, '北京的晴天')).toEqual(['city', 'song']);
    expect(set.current.version).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are empty without a folder', async () => {
    await rm(join(folder, 'lexicons'), { recursive: true });
    const set = await open();
    expect([set.list(), set.current.size]).toEqual([[], 0]);
    await set.put('mine', body({ entries: songs }));
    expect(types(set, '晴天')).toEqual(['song']);
  });

  it.each([
    ['{"surface":"a","type":"x"}\n{"surface":\n', /songs\.jsonl line 2: is not valid JSON/],
    ['{"surface":"a"}\n', /songs\.jsonl line 1: \/type must be a string/],
    ['{"surface":"……","type":"x"}\n', /songs\.jsonl line 1: \/surface has nothing to match by/],
    ['[]\n', /songs\.jsonl line 1: must be an object/],
  ])('that cannot be used fail the opening, naming file, line and field: %j', async (content, message) => {
    await writeFile(join(folder, 'lexicons/songs.jsonl'), content);
    await expect(open()).rejects.toThrow(message);
  });
});

describe('put', () => {
  it('replaces a list, and answers with its new version and size', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    const [before] = set.list();
    const entry = await set.put('songs', body({ entries: [song('秘密'), song('稻香')] }));
    expect(entry).toEqual({ name: 'songs', version: expect.not.stringMatching(before!.version), size: 2 });
    expect(set.list()).toEqual([entry]);
    expect([types(set, '稻香'), types(set, '晴天')]).toEqual([['song'], []]);
  });

  it('adds a list beside those in use', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    await set.put('albums', body({ entries: [{ surface: '晴天', type: 'album' }] }));
    expect(types(set, '晴天').sort()).toEqual(['album', 'song']);
    expect(set.list().map(({ name }) => name)).toEqual(['albums', 'songs']);
  });

  it('leaves a lexicon that is held alone', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    const held = set.current;
    await set.put('songs', body({ entries: [song('稻香'), song('夜曲')] }));
    expect(held.match('晴天')).toHaveLength(1);
    expect(set.current.match('晴天')).toHaveLength(0);
  });

  it('points at every bad entry, up to twenty, and keeps the old list', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    const { version } = set.current;
    const entries = [song('稻香'), { surface: '' }, { surface: '！？', type: 'song' }, 'x', song('a\ud800')];
    expect((await issuesOf(set.put('songs', body({ entries })))).map(({ path }) => path)).toEqual([
      '/entries/1/surface',
      '/entries/1/type',
      '/entries/2/surface',
      '/entries/3',
      '/entries/4/surface',
    ]);
    expect((await issuesOf(set.put('songs', body({ entries: Array(500).fill(null) })))).length).toBe(20);
    expect(await issuesOf(set.put('songs', body({ entries: [] })))).toEqual([
      { path: '/entries', message: 'must hold at least one entry' },
    ]);
    expect(set.current.version).toBe(version);
  });

  it('refuses a list of another size, unless forced', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    const [issue] = await issuesOf(set.put('songs', body({ entries: [song('稻香')] })));
    expect(issue).toEqual({
      path: '/entries',
      message: expect.stringMatching(/has 1 entries where .* has 3.*"force": true/),
    });
    await expect(set.put('songs', body({ entries: [song('稻香')], force: true }))).resolves.toMatchObject({ size: 1 });
  });

  it('applies changes one after another', async () => {
    const set = await open();
    const lists = ['a', 'b', 'c', 'd'];
    await Promise.all(lists.map((name) => set.put(name, body({ entries: [{ surface: '晴天', type: name }] }))));
    expect(types(set, '晴天').sort()).toEqual(lists);
  });

  it('wants entries, and knows its fields', () => {
    expect(() => body({})).toThrow(/\/entries is required/);
    expect(() => body({ entries: 'x' })).toThrow(/\/entries must be an array/);
    expect(() => body({ entires: [] })).toThrow(/did you mean 'entries'/);
    expect(body({ rollback: true }).entries).toBeUndefined();
  });
});

describe('rollback and delete', () => {
  const versionsOf = async (set: LexiconSet) => {
    const versions: string[] = [];
    for (const title of ['一一', '二二', '三三', '四四', '五五']) {
      versions.push((await set.put('songs', body({ entries: [song(title)] }))).version);
    }
    return versions;
  };
  const back = (set: LexiconSet) => set.put('songs', body({ rollback: true }));

  it('return to the last three versions of a list, in turn', async () => {
    const set = await open();
    const versions = await versionsOf(set);
    for (const version of versions.slice(1, 4).reverse()) expect(await back(set)).toMatchObject({ version });
    expect(types(set, '二二')).toEqual(['song']);
    expect(await issuesOf(back(set))).toEqual([{ path: '/rollback', message: "finds no earlier version of 'songs'" }]);
  });

  it('do not disturb other lists', async () => {
    const set = await open();
    await versionsOf(set);
    await set.put('cities', body({ entries: [{ surface: '北京', type: 'city' }] }));
    await back(set);
    expect([types(set, '北京'), types(set, '四四')]).toEqual([['city'], ['song']]);
  });

  it('take a list out of use, and bring it back', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    expect(await set.delete('songs')).toBe(true);
    expect([set.list(), types(set, '晴天')]).toEqual([[], []]);
    expect(await set.delete('songs')).toBe(false);
    await back(set);
    expect(types(set, '晴天')).toEqual(['song']);
  });
});

describe('files that change', () => {
  const event = (pattern: RegExp) =>
    vi.waitFor(() => expect(events.map(({ message }) => message)).toContainEqual(expect.stringMatching(pattern)), {
      timeout: 10_000,
      interval: 20,
    });

  it('are taken over, however they were written', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    await writeList('songs.jsonl', [song('稻香'), song('夜曲')]);
    await event(/lexicon reloaded: songs \(2 entries in all, version [0-9a-f]{16}\)/);
    expect([types(set, '稻香'), types(set, '晴天')]).toEqual([['song'], []]);

    await writeList('songs.tmp', [song('彩虹'), song('夜曲')]);
    await rename(join(folder, 'lexicons/songs.tmp'), join(folder, 'lexicons/songs.jsonl'));
    await vi.waitFor(() => expect(types(set, '彩虹')).toEqual(['song']), { timeout: 10_000 });
    await set.put('songs', body({ rollback: true }));
    expect(types(set, '稻香')).toEqual(['song']);
  });

  it('add lists', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    await writeList('cities.jsonl', [{ surface: '北京', type: 'city' }]);
    await event(/lexicon reloaded: cities/);
    expect([types(set, '北京'), types(set, '晴天')]).toEqual([['city'], ['song']]);
  });

  it('are refused with file, line and field when they are bad, and the old list stays', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    await writeList('songs.jsonl', [...songs, { surface: '稻香' }]);
    await event(/not reloaded, the old one stays: .*songs\.jsonl line 4: \/type/);
    await writeList('songs.jsonl', [song('稻香')]);
    await event(/not reloaded, the old one stays: .*songs\.jsonl: has 1 entries where the list in use has 3/);
    expect(types(set, '晴天')).toEqual(['song']);
    expect(events.every(({ level }) => level === 'warn')).toBe(true);
  });

  it('do not hold up each other, and do not undo what was sent', async () => {
    await writeList('songs.jsonl', songs);
    await writeList('cities.jsonl', [{ surface: '北京', type: 'city' }]);
    const set = await open();
    await set.put('songs', body({ entries: [song('夜曲'), song('稻香')] }));
    await writeList('bad.jsonl', [{}]);
    await writeList('cities.jsonl', [{ surface: '上海', type: 'city' }]);
    await event(/lexicon reloaded: cities/);
    expect([types(set, '上海'), types(set, '稻香'), types(set, '晴天')]).toEqual([['city'], ['song'], []]);
    await event(/not reloaded.*bad\.jsonl line 1/);
  });

  it('are no longer followed once the set is released', async () => {
    await writeList('songs.jsonl', songs);
    const set = await open();
    await set[Symbol.asyncDispose]();
    await writeList('songs.jsonl', [song('稻香'), song('夜曲')]);
    await sleep(400);
    expect([events, types(set, '晴天')]).toEqual([[], ['song']]);
  });
});

describe('a lexicon of 100,000 entries', () => {
  const size = 100_000;
  const random = new Random(3);
  const character = () => String.fromCodePoint(0x4e00 + random.int(3000));
  const entries: LexiconEntry[] = Array.from({ length: size }, (_, i) => ({
    surface: `${character()}${character()}${character()}${i % 7 === 0 ? character() : ''}`,
    type: `type-${i % 11}`,
    popularity: random.int(1000),
  }));

  it('is the same whichever thread assembled it', async () => {
    await writeList('big.jsonl', entries);
    const set = await open();
    const here = Lexicon.build(entries);
    expect([set.current.version, set.current.size]).toEqual([here.version, size]);
    const text = entries
      .slice(0, 500)
      .map(({ surface }) => surface)
      .join('，');
    expect(set.current.match(text)).toEqual(here.match(text));
    expect(set.current.entries.at(size - 1)).toEqual(entries.at(-1));
  });

  it('is reloaded without holding up the event loop', { timeout: 60_000 }, async () => {
    await writeList('big.jsonl', entries);
    const set = await open();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const longestPause = async (change: () => Promise<unknown>) => {
      await sleep(20);
      delay.reset();
      delay.enable();
      await change();
      await sleep(5);
      delay.disable();
      return delay.max / 1e6;
    };
    const puts: number[] = [];
    const reloads: number[] = [];
    // Whoever shares the machine may take the processor away for a while, but hardly three times in a row.
    for (const round of [1, 2, 3]) {
      const sent = { ...body({ entries: entries.slice(round).toReversed() }), force: true };
      puts.push(await longestPause(() => set.put('big', sent)));
      expect(set.current.size).toBe(size - round);
      await writeFile(join(folder, 'big.tmp'), jsonLines(entries.slice(0, size - round)));
      reloads.push(
        await longestPause(async () => {
          await rename(join(folder, 'big.tmp'), join(folder, 'lexicons/big.jsonl'));
          await vi.waitFor(() => expect(events).toHaveLength(round), { timeout: 20_000, interval: 50 });
        }),
      );
      expect(types(set, entries[0]!.surface)).toContain(entries[0]!.type);
    }
    // The aim is 20 ms. Built on this thread it would be several hundred.
    expect(Math.min(...puts)).toBeLessThan(60);
    expect(Math.min(...reloads)).toBeLessThan(60);
  });
});
