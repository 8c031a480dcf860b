import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  HubAccessError,
  HubGatedError,
  HubIntegrityError,
  HubListingError,
  HubNotFoundError,
  HubOfflineError,
  HubRateLimitError,
  HubUnavailableError,
} from '@zooid/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { HubFixture } from './hub-fixture.js';

let at: HubFixture;
let commit: string;
const weights = randomBytes(300_000);
const model = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{}',
  'vocab.txt': '[PAD]\n[UNK]\n',
  'README.md': '# card',
  '.gitattributes': '*.safetensors filter=lfs',
  'model.safetensors': weights,
  'pytorch_model.bin': 'the same for others',
  'tf_model.h5': 'and for yet others',
  'onnx/model.onnx': 'graph',
  'onnx/model_quantized.onnx': 'small graph',
  'runs/events.out': 'a log',
};

beforeEach(async () => {
  at = await HubFixture.start();
  commit = at.hub.repository('org/name').commit(model);
});
afterEach(() => at[Symbol.asyncDispose]());

const repoFolder = () => join(at.cacheFolder, 'models--org--name');
/** Element by element, as `toEqual` compares, takes seconds. */
const holdsWeights = async (folder: string) => weights.equals(await readFile(join(folder, 'model.safetensors')));
const downloads = () => at.hub.seen(/^storage GET/);

describe('a pull', () => {
  it('lays files out as Python does: contents by digest, relative links, a ref', async () => {
    const snapshot = await at.pull('org/name');
    expect(snapshot).toMatchObject({ commit, folder: join(repoFolder(), 'snapshots', commit), files: 6 });
    expect(await holdsWeights(snapshot.folder)).toBe(true);
    const { oid, sha256 } = at.hub.repository('org/name').file(commit, 'model.safetensors')!;
    expect(oid).not.toBe(sha256);
    expect(await readlink(join(snapshot.folder, 'model.safetensors'))).toBe(`../../blobs/${sha256}`);
    const graph = at.hub.repository('org/name').file(commit, 'onnx/model.onnx')!;
    expect(await readlink(join(snapshot.folder, 'onnx/model.onnx'))).toBe(`../../../blobs/${graph.sha256}`);
    const config = at.hub.repository('org/name').file(commit, 'config.json')!;
    expect(await readlink(join(snapshot.folder, 'config.json'))).toBe(`../../blobs/${config.oid}`);
    expect(await readFile(join(repoFolder(), 'refs/main'), 'utf8')).toBe(commit);
    expect((await readdir(join(repoFolder(), 'blobs'))).filter((name) => name.includes('.'))).toEqual([]);
    expect(await readdir(join(at.cacheFolder, '.locks/models--org--name'))).toEqual([]);
  });

  it('fetches what is read here, weights once, and leaves the rest', async () => {
    const { folder, bytes, fetchedBytes } = await at.pull('org/name');
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(
      [
        'README.md',
        'config.json',
        'model.safetensors',
        'onnx',
        'onnx/model.onnx',
        'tokenizer.json',
        'vocab.txt',
      ].sort(),
    );
    expect(fetchedBytes).toBe(bytes);
  });

  it('fetches what patterns choose', async () => {
    const all = await at.pull('org/name', { include: ['*.json', '*.onnx'], exclude: ['*_quantized*'] });
    expect((await readdir(all.folder, { recursive: true })).sort()).toEqual(
      ['config.json', 'onnx', 'onnx/model.onnx', 'tokenizer.json'].sort(),
    );
    await expect(at.pull('org/name', { include: ['*.gguf'] })).rejects.toThrow(
      /'org\/name' has no file that fits; it holds config\.json, tokenizer\.json/,
    );
  });

  it('resolves branches, tags, pull requests and commits first, and asks only for the commit then', async () => {
    const repository = at.hub.repository('org/name');
    const other = repository.commit({ 'config.json': '{"model_type":"roberta"}' }, 'refs/pr/3');
    repository.refs.set('v1.0', commit);
    for (const [revision, expected] of [
      ['main', commit],
      ['v1.0', commit],
      ['refs/pr/3', other],
      [commit, commit],
    ]) {
      expect((await at.pull(`org/name@${revision}`, { include: ['config.json'] })).commit, revision).toBe(expected);
    }
    expect(at.hub.seen(/\/revision\/refs%2Fpr%2F3/)).toHaveLength(1);
    for (const { path } of at.hub.seen(/\/(resolve|tree)\//)) expect(path).toMatch(/\/(resolve|tree)\/[0-9a-f]{40}/);
    expect(await readFile(join(repoFolder(), 'refs/refs/pr/3'), 'utf8')).toBe(other);
  });

  it('fetches nothing twice, and of a new revision only what is new', async () => {
    await at.pull('org/name');
    const before = at.hub.requests.length;
    expect((await at.pull('org/name')).fetchedBytes).toBe(0);
    expect(at.hub.requests.slice(before).map(({ path }) => path)).toEqual(['/api/models/org/name/revision/main']);
    const next = at.hub.repository('org/name').commit({ 'config.json': '{"model_type":"bert","v":2}' });
    expect(await at.pull('org/name')).toMatchObject({ commit: next, fetchedBytes: 27 });
  });

  it('reads listings of many pages', async () => {
    await using paged = await HubFixture.start({ pageSize: 3 });
    paged.hub.repository('org/name').commit(model);
    expect((await paged.pull('org/name')).files).toBe(6);
    expect(paged.hub.seen(/\/tree\//)).toHaveLength(4);
  });

  it('keeps files of equal content once', async () => {
    at.hub.repository('org/twins').commit({ 'config.json': '{}', 'tokenizer.json': '{}', 'a.txt': 'x', 'b.txt': 'x' });
    expect((await at.pull('org/twins')).fetchedBytes).toBe(3);
  });

  it('fetches empty files', async () => {
    at.hub.repository('org/empty').commit({ 'config.json': '{}', 'empty.txt': '' });
    const { folder } = await at.pull('org/empty');
    expect((await stat(join(folder, 'empty.txt'))).size).toBe(0);
  });

  it('tells what it does', async () => {
    await at.pull('org/name');
    expect(at.events[0]).toMatchObject({ type: 'plan', model: 'org/name', revision: commit, files: 6 });
    const files = at.events.filter(({ type }) => type === 'file');
    expect(files).toHaveLength(6);
    expect(at.events).toContainEqual({
      type: 'progress',
      file: 'model.safetensors',
      bytes: weights.length,
      totalBytes: weights.length,
    });
    for (const event of at.events) expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });

  it('needs only the right to read when everything is there', async () => {
    const { folder } = await at.pull('org/name');
    await rm(join(at.cacheFolder, '.locks'), { recursive: true });
    await at.pull('org/name');
    await expect(stat(join(at.cacheFolder, '.locks'))).rejects.toThrow('ENOENT');
    expect(folder).toContain(commit);
  });
});

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

describe('the token', () => {
  beforeEach(() => {
    at.hub.tokens.set('hf_secret', 'read');
    at.hub.repository('org/name').isPrivate = true;
  });

  it('goes to the Hub, and to no other host', async () => {
    await at.pull('org/name', {}, { token: 'hf_secret' });
    expect(downloads().length).toBeGreaterThan(0);
    for (const { headers, server } of at.hub.requests) {
      expect(headers.authorization).toBe(server === 'hub' ? 'Bearer hf_secret' : undefined);
    }
  });

  it('does not come back with a redirect that leads elsewhere and then home', async () => {
    at.hub.faults.add(
      { on: /^hub GET .*resolve/, status: 302, headers: { location: `${at.hub.storageUrl}/bounce` } },
      { on: /^storage GET \/bounce/, status: 302, headers: { location: `${at.hub.endpoint}/trap` } },
    );
    await rejection(at.pull('org/name', { include: ['config.json'] }, { token: 'hf_secret' }));
    expect(at.hub.seen(/\/trap/).map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('does not follow a listing to another host', async () => {
    at.hub.faults.add({
      on: /^hub GET .*\/tree\//,
      body: '[]',
      headers: { link: `<${at.hub.storageUrl}/more>; rel="next"` },
    });
    await rejection(at.pull('org/name', {}, { token: 'hf_secret' }));
    expect(at.hub.seen(/^storage GET \/more/).map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('comes from its file, and is in no error', async () => {
    await writeFile(join(at.folder, 'token'), 'hf_secret\n');
    await at.pull('org/name');
    at.hub.tokens.delete('hf_secret');
    const error = (await rejection(at.pull('org/name'))) as Error;
    expect(error).toBeInstanceOf(HubAccessError);
    expect(error.message).toMatch(/does not accept the access token.*HF_TOKEN/);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('hf_secret');
  });

  it('redirects to unencrypted or strange places are not followed', async () => {
    at.hub.faults.add({ on: /resolve/, status: 302, headers: { location: 'file:///etc/passwd' } });
    await expect(at.pull('org/name', {}, { token: 'hf_secret' })).rejects.toThrow(/not followed/);
    at.hub.faults.add({ on: /resolve/, status: 302, headers: { location: '/org/name/resolve/loop' }, times: 100 });
    await expect(at.pull('org/name', {}, { token: 'hf_secret' })).rejects.toThrow(/more than 10 times/);
  });
});

describe('refusals say what to do', () => {
  it('repository, revision and file are told apart', async () => {
    const what = async (work: Promise<unknown>) => {
      const error = await rejection(work);
      expect(error).toBeInstanceOf(HubNotFoundError);
      return [(error as HubNotFoundError).what, (error as Error).message];
    };
    expect(await what(at.pull('org/none'))).toEqual([
      'repository',
      `there is no repository 'org/none' on ${at.hub.endpoint}; check the name; when it is private, set HF_TOKEN to a token that may see it`,
    ]);
    expect(await what(at.pull('org/name@v9'))).toEqual([
      'revision',
      "'org/name' has no revision 'v9'; name a branch, a tag or a full commit id",
    ]);
    at.hub.faults.add({ on: /resolve/, status: 404, headers: { 'x-error-code': 'EntryNotFound' } });
    expect((await what(at.pull('org/name', { include: ['vocab.txt'] })))[1]).toMatch(
      /has no file 'vocab\.txt' at revision/,
    );
  });

  it('gated models name the page where conditions are accepted', async () => {
    at.hub.repository('org/name').isGated = true;
    at.hub.tokens.set('hf_me', 'read');
    for (const overrides of [{}, { token: 'hf_me' }]) {
      const error = await rejection(at.pull('org/name', {}, overrides));
      expect(error).toBeInstanceOf(HubGatedError);
      expect((error as HubGatedError).acceptUrl).toBe(`${at.hub.endpoint}/org/name`);
      expect((error as Error).message).toContain(`accept them at ${at.hub.endpoint}/org/name`);
    }
    at.hub.repository('org/name').accepted.add('hf_me');
    await at.pull('org/name', {}, { token: 'hf_me' });
  });

  it('waits as long as the Hub asks, and not for ever', async () => {
    at.hub.faults.add({ on: /revision/, status: 429, headers: { 'retry-after': '0.1' }, times: 2 });
    await at.pull('org/name');
    expect(at.events.filter(({ type }) => type === 'retry')).toMatchObject([{ waitMs: 100 }, { waitMs: 100 }]);

    at.hub.faults.add({ on: /revision/, status: 429, headers: { ratelimit: '"api";r=0;t=300' } });
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubRateLimitError);
    expect((error as Error).message).toMatch(/asks to wait 300 s more: try again later/);
  });

  it('tries again after 5xx and dropped connections, a few times', async () => {
    at.hub.faults.add({ on: /revision/, status: 502, times: 2 }, { on: /revision/, drop: true, times: 2 });
    await at.pull('org/name');
    at.hub.faults.add({ on: /revision/, status: 500, headers: { 'x-error-message': 'out of order' }, times: 9 });
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubUnavailableError);
    expect((error as Error).message).toBe('the Hub failed with status 500: out of order; try again later');
    expect(at.hub.seen(/revision/)).toHaveLength(5 + 5);
  });

  it('no network: names the host and the way out', async () => {
    const gone = await HubFixture.start();
    const { endpoint } = gone.hub;
    await gone[Symbol.asyncDispose]();
    const error = await rejection(at.pull('org/name', {}, { endpoint }));
    expect(error).toBeInstanceOf(HubUnavailableError);
    expect((error as Error).message).toMatch(/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\).*HF_HUB_OFFLINE=1/);
  });

  it('an address that is no Hub is recognised', async () => {
    at.hub.faults.add({ on: /revision/, body: '<html>login</html>' });
    await expect(at.pull('org/name')).rejects.toThrow(/does not say which commit.*HF_ENDPOINT/);
    at.hub.faults.add({ on: /tree/, body: '{"a":1}' });
    await expect(at.pull('org/name')).rejects.toThrow(/listing of 'org\/name' cannot be read/);
  });

  it('what a server says cannot steer a terminal', async () => {
    at.hub.faults.add({ on: /revision/, status: 400, body: JSON.stringify({ error: '\u001b[31mred\n\u0007' }) });
    await expect(at.pull('org/name')).rejects.toThrow(/status 400: \[31mred$/);
  });
});

describe('a hostile listing', () => {
  const entry = (path: unknown, extra: object = {}) => ({ type: 'file', path, size: 1, oid: 'a'.repeat(40), ...extra });
  const list = (...entries: readonly unknown[]) => at.hub.faults.add({ on: /\/tree\//, body: JSON.stringify(entries) });

  it.each([
    '../evil.json',
    'a/../../evil.json',
    '/etc/evil.json',
    'C:\\evil.json',
    'a\\..\\evil.json',
    'a\u0000.json',
    'a//b.json',
    './config.json',
    'con.json',
    'sub/NUL',
    'trailing. ',
    '.git/hooks/post-checkout',
    `${'x'.repeat(256)}.json`,
    '\ud800.json',
    '',
    7,
  ])('that names %j is refused before anything is fetched', async (path) => {
    list(entry('config.json'), entry(path));
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubListingError);
    expect(at.hub.seen(/resolve/)).toEqual([]);
    expect(await readdir(at.folder)).toEqual([]);
  });

  it.each([
    [{ oid: '../../../evil' }, 'digest'],
    [{ oid: undefined }, 'digest'],
    [{ lfs: { oid: '/etc/passwd', size: 1 } }, 'digest'],
    [{ size: -1 }, 'size'],
    [{ size: '1' }, 'size'],
    [{ lfs: { oid: 'b'.repeat(64), size: 2 ** 60 } }, 'size'],
  ])('with %j is refused', async (extra, what) => {
    list(entry('config.json', extra));
    await expect(at.pull('org/name')).rejects.toThrow(new RegExp(`gives no ${what} for 'config\\.json'`));
  });

  it.each([
    [['vocab.txt', 'VOCAB.txt']],
    [['vocab.txt', 'vocab.txt']],
    [['caf\u00e9.txt', 'cafe\u0301.txt']],
    [['a.json', 'A.JSON/b.json']],
  ])('whose files %j are one on some systems is refused, unless one is left out', async (paths) => {
    list(...paths.map((path) => entry(path)));
    await expect(at.pull('org/name', { include: ['*'] })).rejects.toThrow(/one place on many systems.*--exclude/);
  });

  it('that never ends is left', async () => {
    const next = `<${at.hub.endpoint}/api/models/org/name/tree/${commit}?again>; rel="next"`;
    at.hub.faults.add({ on: /\/tree\//, body: '[]', headers: { link: next }, times: 2000 });
    await expect(at.pull('org/name')).rejects.toThrow(/listing does not end/);
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

describe('a pull that is given up', () => {
  it('stops at once, and is gone on with later', async () => {
    at.hub.faults.add({ on: /^storage GET/, delayMs: 200 });
    const controller = new AbortController();
    const progress = ({ type }: { type: string }) => type === 'progress' && controller.abort();
    const error = await rejection(
      at.pull('org/name', { include: ['*.safetensors'], signal: controller.signal, progress }),
    );
    expect(codeOf(error)).toBe('ABORTED');
    const { fetchedBytes } = await at.pull('org/name', { include: ['*.safetensors'] });
    expect(fetchedBytes).toBeGreaterThan(0);
    expect(fetchedBytes).toBeLessThan(weights.length);
    expect(await readdir(join(at.cacheFolder, '.locks/models--org--name'))).toEqual([]);
  });

  it('does not begin when the signal has fired', async () => {
    expect(codeOf(await rejection(at.pull('org/name', { signal: AbortSignal.abort() })))).toBe('ABORTED');
    expect(at.hub.requests).toEqual([]);
  });

  it('stops waiting for a Hub that is busy', async () => {
    at.hub.faults.add({ on: /revision/, status: 429, headers: { 'retry-after': '0.4' }, times: 99 });
    const error = await rejection(at.pull('org/name', { signal: AbortSignal.timeout(50) }));
    expect(codeOf(error)).toBe('ABORTED');
  });
});

describe('offline', () => {
  it('serves from the cache without a request', async () => {
    const { folder } = await at.pull('org/name');
    const before = at.hub.requests.length;
    for (const reference of ['org/name', 'org/name@main', `org/name@${commit}`]) {
      expect(await at.pull(reference, {}, { offline: true })).toMatchObject({ folder, commit, fetchedBytes: 0 });
    }
    expect(at.hub.requests).toHaveLength(before);
  });

  it('a commit that is there needs no request online either', async () => {
    await at.pull('org/name');
    const before = at.hub.requests.length;
    await at.pull(`org/name@${commit}`);
    expect(at.hub.requests).toHaveLength(before);
  });

  it('says what is not there, and what is', async () => {
    await at.pull('org/name', { include: ['config.json'] });
    const other = await rejection(at.pull('org/other', {}, { offline: true }));
    expect(other).toBeInstanceOf(HubOfflineError);
    expect((other as Error).message).toMatch(/'org\/other' is not in the cache .* \(it holds org\/name\)/);
    await expect(at.pull('org/name', {}, { offline: true })).rejects.toThrow(
      /of 'org\/name' the cache .* lacks tokenizer\.json.*zooid pull org\/name/,
    );
    await at.pull('org/name', { include: ['config.json'] }, { offline: true });
  });

  it('takes what Python left, which keeps no listing in older versions', async () => {
    const { folder } = await at.pull('org/name');
    await rm(join(repoFolder(), 'trees'), { recursive: true });
    expect((await at.pull('org/name', {}, { offline: true })).folder).toBe(folder);
  });

  it('a Hub that is out of order is no reason to fail when the cache has it and the caller says so', async () => {
    const { folder } = await at.pull('org/name');
    at.hub.repository('org/name').commit({ 'config.json': '{"newer":1}' });
    at.hub.faults.add({ on: /./, status: 503, times: 100 });
    const reasons: string[] = [];
    const onFallback = (error: Error) => void reasons.push(error.message);
    expect((await at.pull('org/name', { onFallback })).folder).toBe(folder);
    expect(reasons).toEqual(['the Hub failed with status 503; try again later']);
    await expect(at.pull('org/name')).rejects.toBeInstanceOf(HubUnavailableError);
  });
});
