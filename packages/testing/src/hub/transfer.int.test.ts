import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubIntegrityError, HubUnavailableError } from '@zooid/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { HubFixture, model, weights } from './hub-fixture.js';

let at: HubFixture;
let commit: string;

beforeEach(async () => {
  at = await HubFixture.start();
  commit = at.hub.repository('org/name').commit(model);
});
afterEach(() => at[Symbol.asyncDispose]());

const repoFolder = () => join(at.cacheFolder, 'models--org--name');
/** Element by element, as `toEqual` compares, takes seconds. */
const holdsWeights = async (folder: string) => weights.equals(await readFile(join(folder, 'model.safetensors')));
const downloads = () => at.hub.seen(/^storage GET/);

describe('a broken transfer', () => {
  it('is gone on with where it stopped', async () => {
    at.hub.faults.add({ on: /^storage GET/, cutAt: 200_000 });
    const { folder } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(await holdsWeights(folder)).toBe(true);
    const [first, second] = downloads();
    expect(first!.headers.range).toBeUndefined();
    const start = Number(/^bytes=(\d+)-$/.exec(second!.headers.range ?? '')?.[1]);
    expect(start).toBeGreaterThan(0);
    expect(second!.headers['if-range']).toMatch(/^"storage-/);
    expect(at.events.filter(({ type }) => type === 'retry')).toHaveLength(1);
  });

  it('is gone on with by another run, after any number of breaks', async () => {
    at.hub.faults.add({ on: /^storage GET/, cutAt: 65_536, times: 1 }, { on: /^storage GET/, status: 503, times: 20 });
    const error = await rejection(at.pull('org/name', { include: ['*.safetensors'] }));
    expect(error).toBeInstanceOf(HubUnavailableError);
    const [partial] = (await readdir(join(repoFolder(), 'blobs'))).filter((name) => name.endsWith('.incomplete'));
    const kept = (await stat(join(repoFolder(), 'blobs', partial!))).size;
    expect(kept).toBeGreaterThan(0);
    at.hub.faults.clear();
    const { fetchedBytes } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(fetchedBytes).toBe(weights.length - kept);
    expect(downloads().at(-1)!.headers.range).toBe(`bytes=${kept}-`);
  });

  it('that always stops at the same place ends, and says that what has come is kept', async () => {
    at.hub.faults.add({ on: /^storage GET/, cutAt: 1, times: 100 });
    const error = await rejection(at.pull('org/name', { include: ['*.safetensors'] }));
    expect(codeOf(error)).toBe('HUB_UNAVAILABLE');
    expect((error as Error).message).toMatch(/model\.safetensors of 'org\/name' breaks off again and again .*kept/);
    expect(downloads()).toHaveLength(5);
  });

  it('starts again when the server does not know ranges', async () => {
    at.hub.faults.add({ on: /^storage GET/, cutAt: 200_000 }, { on: /^storage GET/, ignoreRange: true });
    const { folder } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(await holdsWeights(folder)).toBe(true);
  });

  it('starts again when what lies there is longer than the file, or not its beginning', async () => {
    const { sha256 } = at.hub.repository('org/name').file(commit, 'model.safetensors')!;
    const partial = join(repoFolder(), 'blobs', `${sha256}.zooid.incomplete`);
    await mkdir(join(repoFolder(), 'blobs'), { recursive: true });
    await writeFile(partial, Buffer.alloc(weights.length + 1));
    await at.pull('org/name', { include: ['*.safetensors'] });
    await rm(join(repoFolder(), 'blobs', sha256));
    await writeFile(partial, Buffer.alloc(1000));
    const { folder } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(await holdsWeights(folder)).toBe(true);
    await expect(stat(partial)).rejects.toThrow('ENOENT');
  });

  it('is noticed when nothing comes any more', async () => {
    at.hub.faults.add({ on: /^storage GET/, stallAt: 100_000 });
    const { folder } = await at.pull('org/name', { include: ['*.safetensors'] }, { timeoutMs: 300 });
    expect(await holdsWeights(folder)).toBe(true);
    expect(at.events).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('no byte came') }));
  });
});

describe('wrong content', () => {
  it('never gets a name: once is fetched again, twice is refused', async () => {
    at.hub.faults.add({ on: /^storage GET/, corruptAt: 7 });
    const { folder } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(await holdsWeights(folder)).toBe(true);

    at.hub.repository('org/bad').commit({ 'model.safetensors': randomBytes(100), 'config.json': '{}' });
    at.hub.faults.add({ on: /^storage GET/, corruptAt: 7, times: 2 });
    const error = await rejection(at.pull('org/bad'));
    expect(error).toBeInstanceOf(HubIntegrityError);
    expect((error as Error).message).toMatch(/model\.safetensors came with SHA-256 [0-9a-f]{64}, but the Hub lists/);
    const blobs = await readdir(join(at.cacheFolder, 'models--org--bad/blobs'));
    expect(blobs.filter((name) => name.length === 64 || name.includes('incomplete'))).toEqual([]);
  });

  it('is noticed in small files too, by their git digest', async () => {
    at.hub.faults.add({ on: /resolve.*config\.json/, corruptAt: 3, times: 2 });
    await expect(at.pull('org/name', { include: ['config.json'] })).rejects.toThrow(/config\.json came with git SHA-1/);
  });

  it('that is longer than listed is not read to its end', async () => {
    at.hub.faults.add({ on: /^storage GET/, append: 1000, times: 2 });
    await expect(at.pull('org/name', { include: ['*.safetensors'] })).rejects.toThrow(/more than the 300000 bytes/);
  });

  it('is fetched again when a stored content was cut short', async () => {
    const { folder } = await at.pull('org/name');
    const { sha256 } = at.hub.repository('org/name').file(commit, 'model.safetensors')!;
    await truncate(join(repoFolder(), 'blobs', sha256), 10);
    expect((await at.pull('org/name')).fetchedBytes).toBe(weights.length);
    expect(await holdsWeights(folder)).toBe(true);
  });
});

describe('a full disk', () => {
  it('is noticed before anything is fetched when the model cannot fit', async () => {
    const huge = { type: 'file', path: 'model.safetensors', size: 2 ** 52, oid: 'a'.repeat(40) };
    at.hub.faults.add({ on: /\/tree\//, body: JSON.stringify([huge]) });
    const error = await rejection(at.pull('org/name'));
    expect(codeOf(error)).toBe('HUB_STORAGE');
    expect((error as Error).message).toMatch(
      /needs 4503599627370496 bytes, and .* free; make room \(zooid cache prune\)/,
    );
    expect(at.hub.seen(/resolve/)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('on the way says so, and keeps what has come', async () => {
    const { sha256 } = at.hub.repository('org/name').file(commit, 'model.safetensors')!;
    await mkdir(join(repoFolder(), 'blobs'), { recursive: true });
    await symlink('/dev/full', join(repoFolder(), 'blobs', `${sha256}.zooid.incomplete`));
    const error = await rejection(at.pull('org/name', { include: ['*.safetensors'] }));
    expect(codeOf(error)).toBe('HUB_STORAGE');
    expect((error as Error).message).toMatch(/the disk of .* is full; make room .* what has come is kept/);
    expect(await readdir(join(at.cacheFolder, '.locks/models--org--name'))).toEqual([]);
  });
});
