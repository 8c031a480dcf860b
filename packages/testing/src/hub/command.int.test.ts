import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256, writeModelFolder } from '@zooid/hub';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HubFixture } from './hub-fixture.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

const bin = fileURLToPath(new URL('../../../cli/bin/zooid.js', import.meta.url));
let at: HubFixture;

beforeAll(async () => {
  at = await HubFixture.start();
  at.hub.tokens.set('hf_write', 'write');
  await writeFile(join(at.folder, 'zooid.yaml'), 'plugins: [store-local, store-hub]\n');
});
afterAll(() => at[Symbol.asyncDispose]());

async function zooid(words: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, HF_ENDPOINT: at.hub.endpoint, HF_HOME: at.folder, HF_TOKEN: '', ...variables };
  const child = spawn(process.execPath, [bin, ...words], { cwd: at.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

const lines = (text: string) => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

describe('zooid pull', () => {
  it('prints the folder, or what happens as JSON lines that end with done', async () => {
    const commit = at.hub.repository('org/bert').commit({ 'config.json': '{}', 'model.safetensors': 'weights' });
    const folder = join(at.cacheFolder, 'models--org--bert/snapshots', commit);
    expect(await zooid(['pull', 'org/bert', '--exclude', '*.safetensors'])).toEqual({
      code: 0,
      out: `${folder}\n`,
      err: '',
    });
    const { code, out } = await zooid(['pull', 'org/bert', '--json']);
    expect(code).toBe(0);
    const events = lines(out);
    expect(events[0]).toMatchObject({ type: 'plan', model: 'org/bert', revision: commit });
    expect(events.at(-1)).toEqual({
      type: 'done',
      id: 'org/bert',
      revision: commit,
      folder,
      files: 2,
      bytes: 9,
      fetchedBytes: 7,
    });
    expect((await zooid(['pull', 'org/bert'], { HF_HUB_OFFLINE: '1' })).out).toBe(`${folder}\n`);
  });

  it('answers with status 2 and one line what the caller can put right', async () => {
    for (const [words, variables, message] of [
      [['pull', 'org/none'], {}, /^zooid: there is no repository 'org\/none'/],
      [['pull', 'plain'], {}, /^zooid: model 'plain' was not found \(searched: local, hub\)/],
      [['pull', 'org/other'], { HF_HUB_OFFLINE: '1' }, /^zooid: HF_HUB_OFFLINE is set, and 'org\/other' is not in/],
      [['pull', 'org/bert'], { HF_TOKEN: 'wrong' }, /^zooid: the Hub does not accept the access token/],
      [['pull', 'org/bert'], { HF_ENDPOINT: 'x' }, /^zooid: settings of the Hub: HF_ENDPOINT must be/],
    ] as const) {
      const { code, out, err } = await zooid(words, variables);
      expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
      expect(err).toMatch(message);
    }
  });
});

describe('zooid push, models and cache', () => {
  const token = { HF_TOKEN: 'hf_write' };
  const content = () => join(at.cacheFolder, 'models--me--demo/blobs', sha256('graph'));
  let folder: string;
  beforeAll(async () => {
    folder = join(at.folder, 'made');
    await writeModelFolder(folder, {
      config: { model_type: 'bert' },
      files: new Map([['onnx/model.onnx', 'graph']]),
      manifest: {
        id: 'demo',
        app: 'intent',
        method: 'fine-tune',
        recipe: {},
        data: [],
        seeds: [1],
        metrics: {},
        createdWith: {},
      },
      card: '# demo',
    });
  });

  it('publish a model folder', async () => {
    const refused = await zooid(['push', folder, 'me/demo'], token);
    expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/no repository 'me\/demo'.*--create/) });
    expect(await zooid(['push', folder, 'me/demo', '--private'], token)).toMatchObject({ code: 2 });
    const pushed = await zooid(['push', folder, 'me/demo', '--create', '--private', '--message', 'new'], token);
    const commit = at.hub.repository('me/demo').resolve('main')!;
    expect(pushed).toEqual({ code: 0, out: `${at.hub.endpoint}/me/demo/commit/${commit}\n`, err: '' });
    const again = lines((await zooid(['push', folder, 'me/demo', '--json'], token)).out);
    expect(again.at(-1)).toMatchObject({ type: 'done', id: 'me/demo', files: 4 });
  });

  it('list what was fetched', async () => {
    await zooid(['pull', 'me/demo'], token);
    expect(JSON.parse((await zooid(['models', '--json'])).out)).toContainEqual(
      expect.objectContaining({ id: 'me/demo', app: 'intent', store: 'hub' }),
    );
    expect((await zooid(['cache', 'ls'])).out).toMatch(/^model +revision +refs +files +size +modified\n/);
    const listed = JSON.parse((await zooid(['cache', 'ls', '--json'])).out);
    expect(listed).toContainEqual(expect.objectContaining({ id: 'me/demo', refs: ['main'], files: 4 }));
  });

  it('find damage, with status 1, and make good', async () => {
    expect((await zooid(['cache', 'verify'])).out).toMatch(/^\d+ intact, 0 damaged or missing in /);
    await writeFile(content(), 'grapf');
    const verified = await zooid(['cache', 'verify']);
    expect(verified.code).toBe(1);
    expect(verified.out).toMatch(new RegExp(`damaged +me/demo +onnx/model\\.onnx +${content()}`));
    expect(verified.err).toMatch(/^zooid: 1 of \d+ contents are damaged or missing; run: zooid cache verify --remove/);
    expect(await zooid(['cache', 'verify', '--remove'])).toMatchObject({ code: 0 });
    await zooid(['pull', 'me/demo'], token);
    expect(await readFile(content(), 'utf8')).toBe('graph');
  });

  it('clean up, after telling', async () => {
    await writeFile(`${content().slice(0, -3)}abc.zooid.incomplete`, 'xx');
    expect((await zooid(['cache', 'prune'])).out).toMatch(/partial download +me\/demo +2 B .*\n2 B would be freed/s);
    expect((await zooid(['cache', 'prune', '--yes'])).out).toMatch(/2 B freed\n$/);
    expect((await zooid(['cache', 'prune'])).out).toMatch(/^nothing to remove in /);
  });
});
