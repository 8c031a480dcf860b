import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HubOfflineError, HubUnavailableError } from '@zooid/hub';
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
