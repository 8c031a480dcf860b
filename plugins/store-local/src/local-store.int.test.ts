import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { silentLogger } from '@zooid/common';
import { IntegrityError, type ManifestFields, ModelFolderError, sha256, writeModelFolder } from '@zooid/hub';
import type { ModelSummary } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalStore } from './local-store.js';

let parent: string;
let first: string;
let second: string;
let warnings: unknown[];
let store: LocalStore;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'zooid-store-'));
  first = join(parent, 'first');
  second = join(parent, 'second');
  warnings = [];
  const logger = {
    ...silentLogger,
    warn: (fields: Readonly<Record<string, unknown>>) => void warnings.push(fields.file),
  };
  store = new LocalStore({ roots: [first, second] }, logger);
});
afterEach(() => rm(parent, { recursive: true }));

const manifest = (id: string): ManifestFields => ({
  id,
  app: 'intent',
  method: 'fine-tune',
  recipe: {},
  data: [{ name: 'train', files: ['train.jsonl'], sha256: sha256('') }],
  seeds: [1],
  metrics: {},
  createdWith: { zooid: '0.1.0' },
  license: 'apache-2.0',
  description: `about ${id}`,
});

const model = (folder: string, id: string) =>
  writeModelFolder(folder, {
    config: { model_type: 'bert', named: id },
    files: new Map([['onnx/model.onnx', `graph of ${id}`]]),
    manifest: manifest(id),
    card: '',
  });

async function listed(): Promise<ModelSummary[]> {
  const summaries: ModelSummary[] = [];
  for await (const summary of store.list()) summaries.push(summary);
  return summaries;
}

describe('LocalStore.find', () => {
  it('finds a model by its id below a root', async () => {
    const { revision } = await model(join(first, 'org/name'), 'org/name');
    const found = await store.find('org/name');
    expect(found).toMatchObject({
      id: 'org/name',
      revision,
      folder: join(first, 'org/name'),
      config: { named: 'org/name' },
    });
    expect(found!.manifest).toMatchObject({ app: 'intent' });
  });

  it('prefers the earlier root', async () => {
    await model(join(first, 'same'), 'one');
    await model(join(second, 'same'), 'two');
    expect((await store.find('same'))!.config.named).toBe('one');
  });

  it('finds a model by its path, absolute or relative, under the name it was asked for', async () => {
    const folder = join(parent, 'elsewhere/model');
    await model(folder, 'x');
    for (const reference of [folder, relative(process.cwd(), folder)]) {
      expect(await store.find(reference), reference).toMatchObject({ id: reference, folder });
    }
  });

  it('says that a folder of the cache that others share is not to be changed', async () => {
    const folder = join(parent, 'models--org--name/snapshots/abc');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{}');
    expect(await store.find(folder)).toMatchObject({ readOnly: true });
    await expect(model(folder, 'x')).rejects.toThrow(/part of the Hub's cache, .* copy the model first/);
    await model(join(first, 'mine'), 'mine');
    expect(await store.find('mine')).not.toHaveProperty('readOnly');
  });

  it('opens folders that another tool exported', async () => {
    await mkdir(join(first, 'export'), { recursive: true });
    await writeFile(join(first, 'export/config.json'), '{"model_type":"bert"}');
    const found = await store.find('export');
    expect(found).toMatchObject({ id: 'export', config: { model_type: 'bert' } });
    expect(found).not.toHaveProperty('manifest');
  });

  it.each(['unknown', 'org/unknown', '/nowhere/at/all', './nowhere', '../first', '', 'a\u0000b'])(
    'does not know %j',
    async (reference) => {
      await mkdir(first, { recursive: true });
      expect(await store.find(reference)).toBeUndefined();
    },
  );

  it('never leaves its roots for an id with dots', async () => {
    await model(join(parent, 'secret'), 'secret');
    expect(await store.find('x/../../secret')).toBeUndefined();
  });

  it('explains a path to a folder that holds no model', async () => {
    await mkdir(first, { recursive: true });
    await expect(store.find(first)).rejects.toThrow(ModelFolderError);
    await expect(store.find(first)).rejects.toThrow(/holds no model: neither config\.json nor zooid\.json/);
  });

  it('refuses a model whose content changed, also after it was found intact', async () => {
    const folder = join(first, 'm');
    await model(folder, 'm');
    await store.find('m');
    const path = join(folder, 'onnx/model.onnx');
    const bytes = await readFile(path);
    bytes[0]! ^= 1;
    await writeFile(path, bytes);
    await utimes(path, new Date(0), new Date(0)); // as a restore from backup would
    await expect(store.find('m')).rejects.toBeInstanceOf(IntegrityError);
    await expect(store.find('m')).rejects.toThrow(/'onnx\/model\.onnx' should have SHA-256/);
  });

  it('does not read an unchanged folder again', async () => {
    await model(join(first, 'm'), 'm');
    const { config } = (await store.find('m'))!;
    expect((await store.find('m'))!.config).toBe(config); // the very object, not one that was read anew
    await utimes(join(first, 'm/onnx/model.onnx'), new Date(), new Date());
    expect((await store.find('m'))!.config).not.toBe(config);
  });

  it('sees a new revision when the folder was replaced', async () => {
    const { revision } = await model(join(first, 'm'), 'old');
    expect((await store.find('m'))!.revision).toBe(revision);
    const renewed = await model(join(first, 'm'), 'new');
    expect(await store.find('m')).toMatchObject({ revision: renewed.revision, config: { named: 'new' } });
  });

  it('warns once of weights that were not verified, and always names them', async () => {
    await model(join(first, 'm'), 'm');
    await writeFile(join(first, 'm/onnx/extra.onnx'), 'x');
    await store.find('m');
    expect(await store.find('m')).toMatchObject({ unlisted: ['onnx/extra.onnx'] });
    expect(warnings).toEqual(['onnx/extra.onnx']);
  });
});

describe('LocalStore.list', () => {
  it('lists what the roots hold, with what their manifests say', async () => {
    await model(join(second, 'b'), 'b');
    await model(join(first, 'org/a'), 'org/a');
    await model(join(first, 'b'), 'b');
    const sizeBytes = (await readFile(join(first, 'b/config.json'))).length + 'graph of b'.length;
    expect(await listed()).toEqual([
      { id: 'b', store: 'local', app: 'intent', license: 'apache-2.0', description: 'about b', sizeBytes },
      expect.objectContaining({ id: 'org/a' }),
    ]);
  });

  it('finds everything that it lists', async () => {
    await model(join(first, 'a/b/c'), 'x');
    await mkdir(join(second, 'export'), { recursive: true });
    await writeFile(join(second, 'export/config.json'), '{}');
    for (const { id } of await listed()) expect(await store.find(id)).toMatchObject({ id });
  });

  it('does not take folders inside a model, hidden ones, or links back up for models', async () => {
    await model(join(first, 'm'), 'm');
    await mkdir(join(first, 'm/run/checkpoint'), { recursive: true });
    await writeFile(join(first, 'm/run/checkpoint/config.json'), '{}');
    await mkdir(join(first, '.m.1234.tmp'));
    await writeFile(join(first, '.m.1234.tmp/config.json'), '{}');
    await symlink(first, join(first, 'loop'));
    expect((await listed()).map(({ id }) => id)).toEqual(['m']);
  });

  it('shows a damaged model without hiding the others', async () => {
    await model(join(first, 'a'), 'a');
    await model(join(first, 'b'), 'b');
    await writeFile(join(first, 'a/zooid.json'), '{"formatVersion":');
    const [a, b] = await listed();
    expect(a).toMatchObject({
      id: 'a',
      description: expect.stringMatching(/^cannot be used: .*zooid\.json' is not valid JSON/),
    });
    expect(b).toMatchObject({ id: 'b', app: 'intent' });
  });

  it('is empty when no root exists', async () => {
    expect(await listed()).toEqual([]);
  });
});
