import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntegrityError, ModelFolderError } from '../errors.js';
import { readSafetensors } from '../safetensors/file.js';
import { sha256, sha256File } from '../sha256.js';
import type { ManifestFields, ModelManifest } from './manifest.js';
import { readModelFolder } from './read-model-folder.js';
import {
  type ModelFolderContent,
  recoverModelFolder,
  resealModelFolder,
  writeModelFolder,
} from './write-model-folder.js';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'zooid-hub-'));
  folder = join(parent, 'model');
});
afterEach(() => rm(parent, { recursive: true }));

const manifest: ManifestFields = {
  id: 'intent-tiny',
  app: 'intent',
  method: 'fine-tune',
  recipe: { app: 'intent', train: { epochs: 1 } },
  data: [{ name: 'train', files: ['train.jsonl.gz'], sha256: sha256('data'), license: 'apache-2.0' }],
  seeds: [1],
  metrics: { test: { accuracy: { value: 0.95, low: 0.93, high: 0.97 }, loss: 0.2 } },
  golden: 'golden.json',
  createdWith: { zooid: '0.1.0' },
  license: 'apache-2.0',
  languages: ['zh'],
};
const weight: HostTensor = { dtype: 'float32', dims: [2], data: new Float32Array([1, 2]) };
const content: ModelFolderContent = {
  config: { model_type: 'bert', hidden_size: 2 },
  weights: [['encoder.weight', weight]],
  files: new Map<string, string | Uint8Array>([
    ['vocab.txt', '[PAD]\n中\n'],
    ['onnx/model.onnx', new Uint8Array([8, 7, 6, 5])],
    ['golden.json', '[]\n'],
  ]),
  manifest,
  card: '# A model\n',
};

const verified = () => readModelFolder(folder, { verify: true });
const stored = async () => JSON.parse(await readFile(join(folder, 'zooid.json'), 'utf8')) as ModelManifest;
const edit = async (change: (manifest: Record<string, unknown>) => void) => {
  const value = (await stored()) as unknown as Record<string, unknown>;
  change(value);
  await writeFile(join(folder, 'zooid.json'), JSON.stringify(value));
};

describe('writeModelFolder', () => {
  it('writes a folder that reads back verified', async () => {
    const written = await writeModelFolder(folder, content);
    const { config, manifest: found, revision, unlisted } = await verified();
    expect(config).toEqual(content.config);
    expect(found).toEqual(written);
    expect(found).toMatchObject({ formatVersion: 1, ...manifest });
    expect(revision).toBe(written.revision);
    expect(unlisted).toEqual([]);
    expect((await readSafetensors(join(folder, 'model.safetensors'))).tensors.get('encoder.weight')).toEqual(weight);
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# A model\n');
  });

  it('lists size and digest of every file that makes the model, but not the card', async () => {
    const { files } = await writeModelFolder(folder, content);
    expect(files.map(({ path }) => path)).toEqual([
      'config.json',
      'golden.json',
      'model.safetensors',
      'onnx/model.onnx',
      'vocab.txt',
    ]);
    expect(files[3]).toEqual({ path: 'onnx/model.onnx', bytes: 4, sha256: sha256(new Uint8Array([8, 7, 6, 5])) });
  });

  it('states a revision that sha256sum can recompute and that follows the content alone', async () => {
    const first = await writeModelFolder(folder, content);
    const lines = first.files.map((file) => `${file.sha256}  ${file.path}\n`).join('');
    expect(first.revision).toBe(sha256(lines).slice(0, 40));
    const second = await writeModelFolder(join(parent, 'other'), { ...content, card: 'another card' });
    expect(second.revision).toBe(first.revision);
    const third = await writeModelFolder(folder, { ...content, files: new Map([...content.files, ['x.txt', '']]) });
    expect(third.revision).not.toBe(first.revision);
  });

  it('replaces an older model wholly, but keeps run/', async () => {
    await writeModelFolder(folder, { ...content, files: new Map([...content.files, ['old.txt', 'old']]) });
    await mkdir(join(folder, 'run'));
    await writeFile(join(folder, 'run/events.jsonl'), 'kept');
    await writeModelFolder(folder, content);
    expect(await readFile(join(folder, 'run/events.jsonl'), 'utf8')).toBe('kept');
    expect(await readdir(folder)).not.toContain('old.txt');
    expect((await verified()).unlisted).toEqual([]);
    expect(await readdir(parent)).toEqual(['model']);
  });

  it('vouches for a model in a subfolder when it is sealed again, but not for the run that made that one', async () => {
    await writeModelFolder(folder, content);
    await mkdir(join(folder, 'fast/run'), { recursive: true });
    await writeFile(join(folder, 'fast/config.json'), '{}');
    await writeFile(join(folder, 'fast/run/events.jsonl'), 'goes on');
    const { files } = await resealModelFolder(folder);
    expect(files.map(({ path }) => path).filter((path) => path.startsWith('fast/'))).toEqual(['fast/config.json']);
    await writeFile(join(folder, 'fast/run/events.jsonl'), 'and on');
    expect((await readModelFolder(folder, { verify: true })).unlisted).toEqual([]);
  });

  it('moves into a folder that so far holds only run/, which stays in place', async () => {
    await mkdir(join(folder, 'run'), { recursive: true });
    await writeFile(join(folder, 'run/events.jsonl'), 'kept');
    await writeModelFolder(folder, content);
    await verified();
    expect(await readFile(join(folder, 'run/events.jsonl'), 'utf8')).toBe('kept');
    expect(await readdir(parent)).toEqual(['model']);
  });

  it('copies files from elsewhere', async () => {
    await writeFile(join(parent, 'big.onnx'), 'graph');
    const files = new Map([...content.files, ['onnx/big.onnx', { copyFrom: join(parent, 'big.onnx') }] as const]);
    await writeModelFolder(folder, { ...content, files });
    expect(await readFile(join(folder, 'onnx/big.onnx'), 'utf8')).toBe('graph');
  });

  it('leaves the old model and nothing else when it fails', async () => {
    const { revision } = await writeModelFolder(folder, content);
    const broken: HostTensor = { ...weight, dims: [3] };
    await expect(writeModelFolder(folder, { ...content, weights: [['x', broken]] })).rejects.toThrow(/'x'/);
    await expect(
      writeModelFolder(folder, { ...content, manifest: { ...manifest, golden: 'none.json' } }),
    ).rejects.toThrow(/'none.json' as golden file, but it is not among the files/);
    await expect(
      writeModelFolder(folder, { ...content, manifest: { ...manifest, metrics: { test: { loss: Number.NaN } } } }),
    ).rejects.toThrow('/metrics/test/loss must be a finite number');
    expect((await verified()).revision).toBe(revision);
    expect(await readdir(parent)).toEqual(['model']);
  });

  it.each([
    '../escape.txt',
    '/etc/x',
    'a/../../b',
    'a\\b',
    'C:x',
    'a//b',
    './a',
    '',
    'zooid.json',
    'README.md',
    'run/x',
    'config.json',
    'model.safetensors',
    '.hidden/x',
  ])('refuses %j as the path of a file', async (path) => {
    await expect(writeModelFolder(folder, { ...content, files: new Map([[path, 'x']]) })).rejects.toBeInstanceOf(
      ModelFolderError,
    );
    expect(await readdir(parent)).toEqual([]);
  });

  it('is finished or undone by recoverModelFolder after a kill in the middle of the swap', async () => {
    const { revision } = await writeModelFolder(folder, content);
    await mkdir(join(folder, 'run'));
    await writeFile(join(folder, 'run/state'), 'step 7');
    const previous = join(parent, '.model.previous');

    // Killed after the old folder was set aside.
    await rename(folder, previous);
    await recoverModelFolder(folder);
    expect((await verified()).revision).toBe(revision);
    expect(await readFile(join(folder, 'run/state'), 'utf8')).toBe('step 7');

    // Killed after the new folder came in, before run/ followed.
    await rename(folder, previous);
    await writeModelFolder(join(parent, 'new'), { ...content, config: { model_type: 'bert', hidden_size: 3 } });
    await rename(join(parent, 'new'), folder);
    await recoverModelFolder(folder);
    expect((await verified()).config.hidden_size).toBe(3);
    expect(await readFile(join(folder, 'run/state'), 'utf8')).toBe('step 7');
    expect(await readdir(parent)).toEqual(['model']);
    await recoverModelFolder(folder);
    await recoverModelFolder(join(parent, 'nothing'));
  });
});

describe('readModelFolder', () => {
  it('names the file, what was expected and what was found when one bit differs', async () => {
    await writeModelFolder(folder, content);
    const path = join(folder, 'model.safetensors');
    const bytes = await readFile(path);
    const expected = sha256(bytes);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    const error = await verified().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error).toMatchObject({ code: 'MODEL_INTEGRITY', file: 'model.safetensors', folder });
    expect((error as Error).message).toBe(
      `${folder}: 'model.safetensors' should have SHA-256 ${expected}, but has ${sha256(bytes)}; fetch or copy the model again, or restore the file`,
    );
    await expect(readModelFolder(folder, { verify: false })).resolves.toBeDefined();
  });

  it.each(['config.json', 'golden.json', 'model.safetensors', 'onnx/model.onnx', 'vocab.txt'])(
    'notices that %s was cut short or removed',
    async (file) => {
      await writeModelFolder(folder, content);
      const bytes = await readFile(join(folder, file));
      await truncate(join(folder, file), bytes.length - 1);
      await expect(verified()).rejects.toThrow(
        `'${file}' should have ${bytes.length} bytes, but has ${bytes.length - 1}`,
      );
      await rm(join(folder, file));
      await expect(verified()).rejects.toThrow(`'${file}' is listed in zooid.json but missing`);
    },
  );

  it('reports weights that the manifest does not vouch for', async () => {
    await writeModelFolder(folder, content);
    await writeFile(join(folder, 'onnx/model_quantized.onnx'), 'x');
    await writeFile(join(folder, 'notes.txt'), 'x');
    expect((await verified()).unlisted).toEqual(['onnx/model_quantized.onnx']);
  });

  it('lets the card be edited', async () => {
    const { revision } = await writeModelFolder(folder, content);
    await writeFile(join(folder, 'README.md'), '# Better words\n');
    expect((await verified()).revision).toBe(revision);
  });

  it('refuses a manifest whose list was edited by hand', async () => {
    await writeModelFolder(folder, content);
    await edit((value) => (value.files as unknown[]).pop());
    await expect(verified()).rejects.toThrow(/'zooid.json' states revision .* it was edited by hand/);
  });

  it('refuses paths that leave the folder', async () => {
    await writeModelFolder(folder, content);
    for (const path of ['../secret', '/etc/passwd', 'a/../../b', '..\\b', '']) {
      await edit((value) => {
        (value.files as { path: string }[])[0]!.path = path;
      });
      await expect(verified(), path).rejects.toThrow('/files/0/path must be a relative path inside the folder');
    }
  });

  it('lists everything that is wrong with a manifest', async () => {
    await writeModelFolder(folder, content);
    await edit((value) =>
      Object.assign(value, { id: '', seeds: ['1'], metrics: { test: { accuracy: '95' } }, data: {} }),
    );
    await expect(verified()).rejects.toThrow(
      /\/id must be a non-empty string; \/data must be an array; \/seeds\/0 must be an integer; \/metrics\/test\/accuracy must be a finite number/,
    );
    await edit((value) => Object.assign(value, { formatVersion: 2 }));
    await expect(verified()).rejects.toThrow(/has formatVersion 2; this version of Zooid reads 1: upgrade Zooid/);
    await writeFile(join(folder, 'zooid.json'), '{"formatVersion":1,');
    await expect(verified()).rejects.toThrow(IntegrityError);
  });

  it('keeps fields that a later version may add', async () => {
    await writeModelFolder(folder, content);
    await edit((value) => Object.assign(value, { carbon: '3 g' }));
    expect((await verified()).manifest).toMatchObject({ carbon: '3 g' });
  });

  it('opens folders that another tool made, with a revision that follows their content', async () => {
    await mkdir(join(folder, 'onnx'), { recursive: true });
    await writeFile(join(folder, 'config.json'), '{"model_type":"bert"}');
    await writeFile(join(folder, 'onnx/model.onnx'), 'one');
    const first = await verified();
    expect(first.manifest).toBeUndefined();
    expect(first.revision).toMatch(/^[0-9a-f]{40}$/);
    expect((await readModelFolder(folder, { verify: false })).revision).toMatch(/^unverified-[0-9a-f]{40}$/);
    await writeFile(join(folder, 'onnx/model.onnx'), 'two');
    expect((await verified()).revision).not.toBe(first.revision);
  });

  it('follows links, as the shared Hub cache is made of them', async () => {
    await mkdir(folder);
    await writeFile(join(parent, 'blob'), '{"model_type":"bert"}');
    await symlink(join(parent, 'blob'), join(folder, 'config.json'));
    expect((await verified()).config).toEqual({ model_type: 'bert' });
  });

  it('says what is missing in a folder that holds no model', async () => {
    await expect(verified()).rejects.toThrow(`${folder} is not a model folder: it has no config.json`);
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), '[]');
    await expect(verified()).rejects.toThrow(/config\.json must hold a JSON object/);
    await writeFile(join(folder, 'config.json'), '{');
    await expect(verified()).rejects.toThrow(/config\.json is not valid JSON/);
  });

  it('stops when the signal fires', async () => {
    await writeModelFolder(folder, content);
    const options = { verify: true, signal: AbortSignal.abort() };
    await expect(readModelFolder(folder, options)).rejects.toBeInstanceOf(AbortError);
  });
});

describe('resealModelFolder', () => {
  it('vouches for files that were added on purpose and takes changed fields', async () => {
    const { revision } = await writeModelFolder(folder, content);
    await writeFile(join(folder, 'onnx/model_quantized.onnx'), 'int8');
    const renewed = await resealModelFolder(folder, { description: 'now with int8' });
    expect(renewed.revision).not.toBe(revision);
    const found = await verified();
    expect(found.unlisted).toEqual([]);
    expect(found.manifest).toEqual(renewed);
    expect(found.manifest!.description).toBe('now with int8');
  });

  it('needs a manifest', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'config.json'), '{}');
    await expect(resealModelFolder(folder)).rejects.toThrow(/has no zooid\.json/);
  });
});

describe('sha256File', () => {
  it('equals the published digest of "abc"', async () => {
    // FIPS 180-2, appendix B.1.
    await writeFile(join(parent, 'abc'), 'abc');
    expect(await sha256File(join(parent, 'abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('reports an abort as AbortError', async () => {
    await writeFile(join(parent, 'abc'), 'abc');
    await expect(sha256File(join(parent, 'abc'), { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError);
  });
});
