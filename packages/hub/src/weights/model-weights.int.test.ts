import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { writeModelFolder } from '../model-folder/write-model-folder.js';
import { writeSafetensors } from '../safetensors/file.js';
import { openModelWeights, readModelWeights } from './model-weights.js';
import { openWeightsFile } from './open-weights-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zooid-weights-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const float = (...values: number[]): HostTensor => ({
  dtype: 'float32',
  dims: [values.length],
  data: Float32Array.from(values),
});
const save = (file: string, tensors: Record<string, HostTensor>) =>
  writeSafetensors(join(folder, file), Object.entries(tensors));
const index = (file: string, weight_map: Record<string, unknown>, total_size?: unknown) =>
  writeFileSync(
    join(folder, file),
    JSON.stringify({ metadata: total_size === undefined ? {} : { total_size }, weight_map }),
  );

const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
async function sharded(map: Record<string, unknown> = { a: shards[0], b: shards[1] }, total?: unknown) {
  await save(shards[0], { a: float(1, 2) });
  await save(shards[1], { b: float(3) });
  index('model.safetensors.index.json', map, total);
}

/** PyTorch's own files, see `producedBy` beside them. */
const { cases } = JSON.parse(readFileSync(new URL('__golden__/checkpoints.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly name: string; readonly file: string }[];
};
const torchFile = (name: string) => Buffer.from(cases.find((entry) => entry.name === name)!.file, 'base64');

describe('the weights of a model folder', () => {
  it('come from safetensors where there are both', async () => {
    await save('model.safetensors', { a: float(1) });
    writeFileSync(join(folder, 'pytorch_model.bin'), 'never looked at');
    const { format, files, tensors } = await readModelWeights(folder);
    expect({ format, files }).toEqual({ format: 'safetensors', files: ['model.safetensors'] });
    expect(tensors).toEqual(new Map([['a', float(1)]]));
  });

  it('come from a PyTorch checkpoint, where tied weights share one tensor', async () => {
    writeFileSync(join(folder, 'pytorch_model.bin'), torchFile('views and shared storages'));
    const { format, files, tensors } = await readModelWeights(folder, { include: (name) => name !== 'matrix' });
    expect({ format, files }).toEqual({ format: 'pytorch', files: ['pytorch_model.bin'] });
    expect(tensors.get('tied')).toBe(tensors.get('whole'));
    expect(tensors.get('tail')).toEqual(float(20, 21, 22, 23));
    expect(tensors.has('matrix')).toBe(false);
  });

  it('come from shards of either format', async () => {
    await sharded(undefined, 12);
    const { files, tensors } = await readModelWeights(folder);
    expect(files).toEqual(['model.safetensors.index.json', ...shards]);
    expect(tensors).toEqual(
      new Map([
        ['a', float(1, 2)],
        ['b', float(3)],
      ]),
    );
    for (const file of ['model.safetensors.index.json', ...shards]) rmSync(join(folder, file));
    const parts = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'] as const;
    writeFileSync(join(folder, parts[0]), torchFile('parameters'));
    writeFileSync(join(folder, parts[1]), torchFile("a module's state dict, old format"));
    await using first = await openWeightsFile(join(folder, parts[0]));
    await using second = await openWeightsFile(join(folder, parts[1]));
    const map = [first, second].flatMap(({ tensors: of }, i) => Array.from(of.keys(), (name) => [name, parts[i]]));
    const total = first.distinctBytes + second.distinctBytes;
    index('pytorch_model.bin.index.json', Object.fromEntries(map), total);
    const read = await readModelWeights(folder);
    expect(read.format).toBe('pytorch');
    expect([...read.tensors.keys()]).toEqual(['weight', 'frozen', ...second.tensors.keys()]);
  });

  it('are read one by one from open files', async () => {
    await sharded();
    const weights = await openModelWeights(folder);
    expect(weights.tensors.get('a')).toMatchObject({ dtype: 'float32', dims: [2], sizeBytes: 8 });
    expect(await weights.tensors.get('b')!.read()).toEqual(float(3));
    await weights[Symbol.asyncDispose]();
    await expect(weights.tensors.get('b')!.read()).rejects.toThrow();
  });

  it('are those that the manifest lists', async () => {
    await writeModelFolder(folder, {
      config: {},
      weights: [['a', float(1)]],
      files: new Map(),
      manifest: {
        id: 'x',
        app: 'intent',
        method: 'fine-tune',
        recipe: {},
        data: [],
        seeds: [],
        metrics: {},
        createdWith: { zooid: '0.1.0' },
      },
      card: '',
    });
    expect((await readModelWeights(folder)).files).toEqual(['model.safetensors']);
    rmSync(join(folder, 'model.safetensors'));
    writeFileSync(join(folder, 'pytorch_model.bin'), torchFile('parameters'));
    await expect(readModelWeights(folder)).rejects.toThrow(/holds no weights that its manifest lists/);
  });

  it('stop when the signal fires', async () => {
    await save('model.safetensors', { a: float(1) });
    await expect(readModelWeights(folder, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['there are none', () => {}, /holds no weights; expected one of model\.safetensors/],
    [
      'a shard is missing',
      async () => {
        await sharded();
        rmSync(join(folder, shards[1]));
      },
      /shard 'model-00002-of-00002\.safetensors' is missing/,
    ],
    [
      'a shard lies beside that the index does not name',
      async () => {
        await sharded();
        await save('model-00002-of-00003.safetensors', { c: float(1) });
      },
      /does not name shard 'model-00002-of-00003\.safetensors'/,
    ],
    [
      'tensors are in other shards than stated, or in none, or not named',
      async () => {
        await sharded({ a: shards[1], b: shards[1], c: shards[0] });
      },
      /'a' is not in 'model-00002.*; 'c' is not in 'model-00001.*; 'model-00001.*' holds 'a', which the index puts into/,
    ],
    [
      'a tensor is in two shards',
      async () => {
        await sharded();
        await save(shards[1], { a: float(9), b: float(3) });
      },
      /'model-00002.*' holds 'a', which the index puts into 'model-00001/,
    ],
    [
      'a tensor is in no index',
      async () => {
        await sharded();
        await save(shards[1], { b: float(3), extra: float(9) });
      },
      /holds 'extra', which the index does not name/,
    ],
    ['total_size differs', () => sharded(undefined, 16), /states a total_size of 16 bytes, but the shards hold 12/],
    ['total_size is no number', () => sharded(undefined, '12'), /total_size of "12"/],
    [
      'a shard leaves the folder',
      () => sharded({ a: '../x.safetensors' }),
      /"\.\.\/x\.safetensors", which is not a path inside/,
    ],
    ['a shard is absolute', () => sharded({ a: '/etc/passwd' }), /not a path inside the model folder/],
    ['a shard has a backslash', () => sharded({ a: '..\\x.safetensors' }), /not a path inside the model folder/],
    ['a shard has a NUL', () => sharded({ a: 'x\u0000.safetensors' }), /not a path inside the model folder/],
    ['a shard is no text', () => sharded({ a: 7 }), /into 7, which is not a path/],
    ['the index is no JSON', () => writeFileSync(join(folder, 'model.safetensors.index.json'), '{'), /not valid JSON/],
    ['the index is empty', () => sharded({}), /names no tensor/],
    ['the index has no map', () => writeFileSync(join(folder, 'model.safetensors.index.json'), '[]'), /'weight_map'/],
    [
      'the index names a tensor twice',
      () => writeFileSync(join(folder, 'model.safetensors.index.json'), '{"weight_map":{"a":"x","a":"y"}}'),
      /names "a" twice/,
    ],
    [
      'the weights are a folder',
      () => mkdirSync(join(folder, 'model.safetensors')),
      /model\.safetensors: is not a regular file/,
    ],
  ])('are refused when %s', async (_, prepare, message) => {
    await prepare();
    const read = readModelWeights(folder);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toBeInstanceOf(CheckpointError);
  });
});

describe('links in a model folder', () => {
  const repository = () => join(folder, 'models--org--name');
  const snapshot = () => join(repository(), 'snapshots', '0123abcd');

  it('lead to the blobs of the same repository in the cache shared with Python', async () => {
    await save('models--org--name/blobs/feed', { a: float(1) });
    mkdirSync(snapshot(), { recursive: true });
    symlinkSync('../../blobs/feed', join(snapshot(), 'model.safetensors'));
    expect((await readModelWeights(snapshot())).tensors.get('a')).toEqual(float(1));
    symlinkSync(snapshot(), join(folder, 'by-link'));
    expect((await readModelWeights(join(folder, 'by-link'))).tensors.get('a')).toEqual(float(1));
  });

  it('may stay inside the folder', async () => {
    await save('deep/x.safetensors', { a: float(1) });
    symlinkSync('deep/x.safetensors', join(folder, 'model.safetensors'));
    expect((await readModelWeights(folder)).tensors.get('a')).toEqual(float(1));
  });

  it.each([
    ['another repository', '../../../models--other--one/blobs/feed', 'models--other--one/blobs/feed'],
    ['a folder beside with the same beginning', '../0123abcd-x/feed', 'models--org--name/snapshots/0123abcd-x/feed'],
    ['elsewhere', '../../../secret', 'secret'],
  ])('must not lead to %s', async (_, target, file) => {
    await save(file, { a: float(1) });
    mkdirSync(snapshot(), { recursive: true });
    symlinkSync(target, join(snapshot(), 'model.safetensors'));
    await expect(readModelWeights(snapshot())).rejects.toThrow(
      /'model\.safetensors' is a link to .*, outside the model folder/,
    );
  });

  it('of shards are held to the same', async () => {
    const model = join(folder, 'model');
    mkdirSync(model);
    await save('outside.safetensors', { a: float(1) });
    symlinkSync('../outside.safetensors', join(model, 'part.safetensors'));
    writeFileSync(join(model, 'model.safetensors.index.json'), '{"weight_map":{"a":"part.safetensors"}}');
    await expect(readModelWeights(model)).rejects.toThrow(/'part\.safetensors' is a link to .*outside/);
  });
});

/** Microsoft's LoRA adapter of RoBERTa for MNLI, as published and converted by the Python library. */
const adapter = [process.env.ZOOID_DATA, fileURLToPath(new URL('../../../../../shared/data', import.meta.url))]
  .map((data) => join(data ?? '', 'weights-lora-roberta-mnli'))
  .find((path) => existsSync(path));

describe.runIf(adapter !== undefined)('a published checkpoint', () => {
  it('equals its safetensors conversion, bit for bit', async () => {
    await using torch = await openWeightsFile(join(adapter!, 'roberta_base_lora_mnli.bin'));
    await using converted = await openWeightsFile(join(adapter!, 'adapter.safetensors'));
    expect([...torch.tensors.keys()].sort()).toEqual([...converted.tensors.keys()].sort());
    expect(torch.tensors.size).toBe(52);
    for (const [name, tensor] of torch.tensors) {
      const [ours, theirs] = await Promise.all([tensor.read(), converted.tensors.get(name)!.read()]);
      expect(ours.dims, name).toEqual(theirs.dims);
      expect(Buffer.from(ours.data.buffer).equals(Buffer.from(theirs.data.buffer)), name).toBe(true);
    }
  });
});
