import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  HubAccessError,
  HubError,
  HubNotFoundError,
  type ManifestFields,
  readModelFolder,
  writeModelFolder,
} from '@zooid/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import type { FakeHubOptions } from './fake-hub.js';
import { HubFixture } from './hub-fixture.js';

const manifest: ManifestFields = {
  id: 'demo',
  app: 'intent',
  method: 'fine-tune',
  recipe: {},
  data: [],
  seeds: [1],
  metrics: {},
  createdWith: {},
};
const graph = randomBytes(150_000);

let at: HubFixture;
let folder: string;
const open = async (options?: FakeHubOptions) => {
  at = await HubFixture.start(options);
  at.hub.tokens.set('hf_write', 'write').set('hf_read', 'read');
  folder = join(at.folder, 'model');
  await writeModelFolder(folder, {
    config: { model_type: 'bert' },
    files: new Map<string, string | Uint8Array>([
      ['onnx/model.onnx', graph],
      ['vocab.txt', '[PAD]\n'],
    ]),
    manifest,
    card: '# demo',
  });
};
beforeEach(() => open());
afterEach(() => at[Symbol.asyncDispose]());

const push = (request = {}, token = 'hf_write') =>
  at.client({ token }).push({ folder, repo: 'me/demo', create: true, ...request });
const repository = () => at.hub.repository('me/demo');

describe('a push', () => {
  it('makes the repository when told, and publishes the model with its manifest and card as one commit', async () => {
    await mkdir(join(folder, 'run'));
    await writeFile(join(folder, 'run/events.jsonl'), '{}'); // the record of the training run is not part of the model
    const pushed = await push({ private: true, message: 'first try' });
    const { revision } = await readModelFolder(folder, { verify: false });
    expect(pushed).toMatchObject({ commit: repository().resolve('main'), files: 5 });
    expect(pushed.url).toBe(`${at.hub.endpoint}/me/demo/commit/${pushed.commit}`);
    expect(repository().isPrivate).toBe(true);
    expect(repository().messages.get(pushed.commit)).toBe('first try');
    expect([...repository().commits.get(pushed.commit)!.keys()].sort()).toEqual(
      ['.gitattributes', 'README.md', 'config.json', 'onnx/model.onnx', 'vocab.txt', 'zooid.json'].sort(),
    );

    const pulled = await at.pull('me/demo', {}, { token: 'hf_read' });
    expect(pulled.files).toBe(5);
    const read = await readModelFolder(pulled.folder, { verify: true });
    expect(read).toMatchObject({ revision, manifest: { app: 'intent' }, unlisted: [] });
  });

  it('sends large files to the storage, without the token', async () => {
    await push();
    expect(at.hub.seen(/^storage PUT/)).toHaveLength(1);
    expect(at.hub.seen(/^storage/).map(({ headers }) => headers.authorization)).toEqual([undefined]);
    for (const { headers } of at.hub.seen(/^hub/)) expect(headers.authorization).toBe('Bearer hf_write');
    expect(graph.equals(repository().file('main', 'onnx/model.onnx')!.content)).toBe(true);
  });

  it('sends very large files in parts', async () => {
    await at[Symbol.asyncDispose]();
    await open({ partBytes: 65_536 });
    await push();
    expect(at.hub.seen(/^storage PUT/)).toHaveLength(3);
    expect(graph.equals(repository().file('main', 'onnx/model.onnx')!.content)).toBe(true);
  });

  it('sends again what the storage has only when it has changed', async () => {
    const first = await push();
    await writeModelFolder(folder, {
      config: { model_type: 'bert', v: 2 },
      files: new Map([['onnx/model.onnx', graph]]),
      manifest,
      card: '',
    });
    const second = await push();
    expect(second.commit).not.toBe(first.commit);
    expect(at.hub.seen(/^storage PUT/)).toHaveLength(1);
    expect(repository().messages.get(second.commit)).toMatch(/^Publish demo [0-9a-f]{12}$/);
  });

  it('goes on after failures that pass', async () => {
    at.hub.faults.add(
      { on: /preupload/, status: 503 },
      { on: /batch/, status: 429, headers: { 'retry-after': '0.01' } },
      { on: /^storage PUT/, drop: true },
      { on: /\/commit\//, status: 429, headers: { 'retry-after': '0.01' } },
    );
    await push();
    expect(graph.equals(repository().file('main', 'onnx/model.onnx')!.content)).toBe(true);
    expect(at.hub.seen(/\/commit\//)).toHaveLength(2);
  });

  it('does not make a commit twice when it is unclear whether it was made', async () => {
    at.hub.faults.add({ on: /\/commit\//, status: 504 });
    expect(codeOf(await rejection(push()))).toBe('HUB_UNAVAILABLE');
    expect(at.hub.seen(/\/commit\//)).toHaveLength(1);
  });

  it('takes tokens of any form, as mirrors have them', async () => {
    at.hub.tokens.set('mirror-token', 'write');
    await push({}, 'mirror-token');
  });

  it('can go to a branch', async () => {
    repository().commit({ 'README.md': 'x' });
    repository().commit({}, 'refs/pr/1');
    const { commit } = await push({ branch: 'refs/pr/1' });
    expect(repository().resolve('refs/pr/1')).toBe(commit);
    expect(repository().file('main', 'zooid.json')).toBeUndefined();
  });

  it('tells what it does', async () => {
    const types: string[] = [];
    await push({ progress: ({ type }: { type: string }) => void types.push(type) });
    expect(types[0]).toBe('plan');
    expect(types).toContain('progress');
  });
});

describe('a push is refused', () => {
  it('before anything is sent when the folder is not what its manifest says', async () => {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, 'more.bin'), 'mine');
    await expect(push()).rejects.toThrow(
      /'more\.bin' is not listed in zooid\.json \(nor are 1 others\); remove it, or/,
    );
    await rm(join(folder, 'notes.txt'));
    await rm(join(folder, 'more.bin'));
    await writeFile(join(folder, 'vocab.txt'), '[PED]\n');
    expect(codeOf(await rejection(push()))).toBe('MODEL_INTEGRITY');
    await rm(join(folder, 'zooid.json'));
    await expect(push()).rejects.toThrow(/has no zooid\.json, so nothing says what belongs to the model/);
    await expect(push({ folder: at.folder })).rejects.toThrow(/has no config\.json/);
    expect(at.hub.requests).toEqual([]);
  });

  it('without a token, without the right to write, without a repository', async () => {
    const anonymous = await rejection(at.client().push({ folder, repo: 'me/demo' }));
    expect(anonymous).toBeInstanceOf(HubAccessError);
    expect((anonymous as Error).message).toMatch(/needs an access token; set HF_TOKEN/);
    expect(at.hub.requests).toEqual([]);

    const missing = await rejection(push({ create: false }));
    expect(missing).toBeInstanceOf(HubNotFoundError);
    expect((missing as Error).message).toMatch(/no repository 'me\/demo'.*--create/);
    repository().commit({ 'README.md': 'x' });
    await expect(push({}, 'hf_read')).rejects.toThrow(/does not allow you to write to 'me\/demo'.*write permission/);
  });

  it('when somebody else has committed meanwhile', async () => {
    repository().commit({ 'README.md': 'x' });
    at.hub.faults.add({
      on: /\/commit\//,
      status: 412,
      headers: { 'x-error-message': 'A commit has happened since' },
    });
    const error = await rejection(push());
    expect(error).toBeInstanceOf(HubError);
    expect((error as Error).message).toMatch(/status 412: A commit has happened since/);
  });

  it('offline, and when given up', async () => {
    expect(codeOf(await rejection(at.client({ offline: true }).push({ folder, repo: 'me/demo' })))).toBe('HUB_OFFLINE');
    expect(codeOf(await rejection(push({ signal: AbortSignal.abort() })))).toBe('ABORTED');
    const controller = new AbortController();
    at.hub.faults.add({ on: /^storage PUT/, until: new Promise(() => {}) });
    const giveUp = setInterval(() => at.hub.seen(/^storage PUT/).length > 0 && controller.abort(), 10);
    expect(codeOf(await rejection(push({ signal: controller.signal })))).toBe('ABORTED');
    clearInterval(giveUp);
    expect(repository().file('main', 'zooid.json')).toBeUndefined();
  });

  it('as failed when the commit does not hold what was sent', async () => {
    at.hub.faults.add({ on: /\/tree\//, body: '[]' });
    const error = await rejection(push());
    expect(codeOf(error)).toBe('HUB_INTEGRITY');
    expect((error as Error).message).toMatch(/was made, but .* is not in it; push again/);
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toContain('bert');
  });
});
