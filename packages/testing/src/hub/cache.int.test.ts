import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, CachedRepo, type ContentFinding, listCache, pruneCache, verifyCache } from '@zooid/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubFixture } from './hub-fixture.js';

let at: HubFixture;
let repo: CachedRepo;
beforeEach(async () => {
  at = await HubFixture.start();
  repo = new CachedRepo(at.cacheFolder, 'org/name');
});
afterEach(() => at[Symbol.asyncDispose]());

const publish = (files: Record<string, string | Uint8Array>) => at.hub.repository('org/name').commit(files);
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

async function verify(options = {}): Promise<ContentFinding[]> {
  const findings: ContentFinding[] = [];
  for await (const finding of verifyCache(at.cacheFolder, options)) findings.push(finding);
  return findings;
}

/** Everything in the cache but refs and listings, relative to it. */
const holdings = async () =>
  (await readdir(at.cacheFolder, { recursive: true }))
    .filter((path) => /(blobs|snapshots|\.locks)\/.+/.test(path))
    .sort();

describe('listCache', () => {
  it('lists revisions with what leads to them, and only those of models', async () => {
    const first = publish({ 'config.json': '{}', 'model.safetensors': 'weights' });
    at.hub.repository('org/name').refs.set('v1', first);
    await at.pull('org/name');
    await at.pull('org/name@v1');
    const second = publish({ 'config.json': '{"v":2}' });
    await at.pull('org/name');
    at.hub.repository('a/b').commit({ 'config.json': '{}' });
    await at.pull('a/b');
    await mkdir(join(at.cacheFolder, 'datasets--org--set/snapshots'), { recursive: true });
    const found = await listCache(at.cacheFolder);
    expect(found.map(({ id }) => id)).toEqual(['a/b', 'org/name', 'org/name']);
    expect(found.find(({ revision }) => revision === first)).toMatchObject({ refs: ['v1'], files: 2, sizeBytes: 9 });
    expect(found.find(({ revision }) => revision === second)).toMatchObject({
      refs: ['main'],
      files: 2,
      sizeBytes: 14,
    });
    expect(Date.parse(found[0]!.modified)).toBeGreaterThan(0);
  });

  it('is empty when there is no cache', async () => {
    expect(await listCache(join(at.folder, 'nowhere'))).toEqual([]);
    expect(await pruneCache(join(at.folder, 'nowhere'))).toEqual([]);
  });
});

describe('verifyCache', () => {
  it('finds what was changed, cut short or lost, whatever its times say', async () => {
    const commit = publish({
      'config.json': '{}',
      'vocab.txt': 'a\nb\n',
      'model.safetensors': 'weights',
      'a.txt': 'a',
    });
    const { folder } = await at.pull('org/name');
    expect((await verify()).map(({ status }) => status)).toEqual(Array(4).fill('intact'));

    const weights = repo.blob(sha256('weights'));
    const { atime, mtime } = await stat(weights);
    await writeFile(weights, 'WEIGHTS');
    await utimes(weights, atime, mtime);
    await rm(repo.blob(at.hub.repository('org/name').file(commit, 'a.txt')!.oid));
    const bad = (await verify()).filter(({ status }) => status !== 'intact');
    expect(bad).toContainEqual({
      model: 'org/name',
      path: weights,
      files: [`${commit}/model.safetensors`],
      sizeBytes: 7,
      status: 'damaged',
      removed: false,
    });
    expect(bad).toContainEqual(expect.objectContaining({ status: 'missing', files: [`${commit}/a.txt`] }));

    expect((await verify({ remove: true })).filter(({ removed }) => removed)).toHaveLength(2);
    await expect(stat(weights)).rejects.toThrow('ENOENT');
    expect((await at.pull('org/name')).fetchedBytes).toBe(8);
    expect(await readFile(join(folder, 'model.safetensors'), 'utf8')).toBe('weights');
    expect((await verify()).every(({ status }) => status === 'intact')).toBe(true);
  });

  it('says of names that are no digests that it cannot tell', async () => {
    await mkdir(repo.blobs, { recursive: true });
    await writeFile(repo.blob('3a51ab-2'), 'parts');
    await writeFile(repo.blob('x.incomplete'), 'parts');
    expect(await verify()).toMatchObject([{ status: 'unknown', path: repo.blob('3a51ab-2') }]);
  });
});

describe('pruneCache', () => {
  it('takes away what no branch or tag leads to, after telling', async () => {
    publish({ 'config.json': '{}', 'vocab.txt': 'shared', 'model.safetensors': 'old' });
    const old = (await at.pull('org/name')).folder;
    const commit = publish({ 'model.safetensors': 'new weights' });
    await at.pull('org/name');
    const partial = repo.partial(sha256('never came'));
    await writeFile(partial, randomBytes(50));

    const before = await holdings();
    const told = await pruneCache(at.cacheFolder);
    expect(await holdings()).toEqual(before);
    expect(told).toEqual(
      expect.arrayContaining([
        { model: 'org/name', kind: 'revision', path: old, sizeBytes: 0 },
        { model: 'org/name', kind: 'content', path: repo.blob(sha256('old')), sizeBytes: 3 },
        { model: 'org/name', kind: 'partial download', path: partial, sizeBytes: 50 },
      ]),
    );
    expect(told).toHaveLength(3);

    expect(await pruneCache(at.cacheFolder, { remove: true })).toEqual(told);
    const after = await holdings();
    expect(after.filter((path) => path.includes('snapshots/') && !path.includes(commit))).toEqual([]);
    expect(after.filter((path) => path.includes('blobs/'))).toHaveLength(3);
    expect(await pruneCache(at.cacheFolder)).toEqual([]);
    expect((await at.pull('org/name')).fetchedBytes).toBe(0);
  });

  it('leaves alone what another process is at', async () => {
    const commit = publish({ 'config.json': '{}', 'model.safetensors': 'weights' });
    await at.pull(`org/name@${commit}`);
    const etag = sha256('on its way');
    await writeFile(repo.partial(etag), 'on its');
    await using _ = await acquireLock(repo.lock(etag));
    await using _snapshot = await acquireLock(repo.lock(commit));
    for (const remove of [false, true]) expect(await pruneCache(at.cacheFolder, { remove })).toEqual([]);
    await stat(repo.partial(etag));
  });

  it('leaves downloads of other programs until they have been still for long', async () => {
    publish({ 'config.json': '{}' });
    await at.pull('org/name');
    const foreign = join(repo.blobs, `${sha256('x')}.incomplete`);
    await writeFile(foreign, 'x');
    expect(await pruneCache(at.cacheFolder)).toEqual([]);
    await utimes(foreign, new Date(0), new Date(0));
    expect(await pruneCache(at.cacheFolder)).toMatchObject([{ kind: 'partial download', path: foreign }]);
  });

  it('removes locks of the dead, and what is left of a model without revisions', async () => {
    const commit = publish({ 'config.json': '{}' });
    await at.pull(`org/name@${commit}`);
    const { place } = await (async () => {
      await using _ = await acquireLock(repo.lock('x'));
      return JSON.parse(await readFile(repo.lock('x'), 'utf8')) as { place: string };
    })();
    await writeFile(repo.lock('y'), JSON.stringify({ token: 't', pid: 2 ** 22 + 1, place }));
    const removed = await pruneCache(at.cacheFolder, { remove: true });
    expect(removed.map(({ kind }) => kind)).toEqual(['lock', 'revision', 'content']);
    expect(await readdir(at.cacheFolder)).toEqual([]);
  });
});
