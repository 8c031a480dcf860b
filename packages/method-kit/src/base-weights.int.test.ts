import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { ModelFolderError, writeSafetensors } from '@zooid/hub';
import { type HostTensor, toFloat16 } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BaseWeightsOptions, readBaseWeights } from './base-weights.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zooid-base-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tensor = (dims: readonly number[], value = 1): HostTensor => ({
  dtype: 'float32',
  dims,
  data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value),
});
const initializer = { kind: 'zeros' } as const;
const declared = [
  { name: 'bert.embeddings.word_embeddings.weight', shape: [5, 2], initializer },
  { name: 'bert.embeddings.LayerNorm.weight', shape: [2], initializer },
  { name: 'bert.embeddings.LayerNorm.bias', shape: [2], initializer },
  { name: 'classifier.weight', shape: [3, 2], initializer },
];
const whole = {
  'bert.embeddings.word_embeddings.weight': tensor([5, 2]),
  'bert.embeddings.LayerNorm.weight': tensor([2]),
  'bert.embeddings.LayerNorm.bias': tensor([2]),
};
const optional = (name: string) => name.startsWith('classifier.');
const write = (tensors: Record<string, HostTensor>) =>
  writeSafetensors(join(folder, 'model.safetensors'), Object.entries(tensors));
const read = (options: Partial<BaseWeightsOptions> = {}) =>
  readBaseWeights({ folder, config: { model_type: 'bert' }, declared, optional, ...options });
const failure = (reading: Promise<unknown>): Promise<Error> =>
  reading.then(
    () => expect.unreachable('it was read'),
    (error: Error) => error,
  );

describe('weights of a base model', () => {
  it('are found under the names of a bare encoder and of old checkpoints, in half precision too', async () => {
    await write({
      'embeddings.word_embeddings.weight': {
        dtype: 'float16',
        dims: [5, 2],
        data: toFloat16(new Float32Array(10).fill(0.5)),
      },
      'embeddings.LayerNorm.gamma': tensor([2], 2),
      'embeddings.LayerNorm.beta': { dtype: 'float64', dims: [2], data: new Float64Array([3, 3]) },
      'embeddings.position_ids': { dtype: 'int64', dims: [1, 2], data: new BigInt64Array(2) },
      'pooler.dense.bias': tensor([2]),
      'cls.predictions.bias': tensor([5]),
    });
    const { weights, fresh, unused } = await read();
    expect(weights.get('bert.embeddings.word_embeddings.weight')).toEqual(tensor([5, 2], 0.5));
    expect(weights.get('bert.embeddings.LayerNorm.weight')).toEqual(tensor([2], 2));
    expect(weights.get('bert.embeddings.LayerNorm.bias')).toEqual(tensor([2], 3));
    expect(fresh).toEqual(['classifier.weight']);
    expect([...unused].sort()).toEqual(['cls.predictions.bias', 'embeddings.position_ids', 'pooler.dense.bias']);
  });

  it('come under the names of the family that the config names', async () => {
    await write({ 'roberta.embeddings.LayerNorm.weight': tensor([2], 2), 'lm_head.bias': tensor([5]) });
    const { weights } = await read({
      config: { model_type: 'roberta' },
      declared: [{ name: 'roberta.embeddings.LayerNorm.weight', shape: [2], initializer }],
    });
    expect(weights.get('roberta.embeddings.LayerNorm.weight')).toEqual(tensor([2], 2));
  });

  it('come from a PyTorch checkpoint', async () => {
    const golden = readFileSync(new URL('__golden__/pytorch-model.json', import.meta.url), 'utf8');
    const { base64 } = JSON.parse(golden) as { readonly base64: string };
    writeFileSync(join(folder, 'pytorch_model.bin'), Buffer.from(base64, 'base64'));
    const { weights, fresh } = await read();
    expect(weights.get('bert.embeddings.word_embeddings.weight')).toEqual({
      dtype: 'float32',
      dims: [5, 2],
      data: new Float32Array([0, 5, 1, 6, 2, 7, 3, 8, 4, 9]),
    });
    expect(weights.get('bert.embeddings.LayerNorm.weight')).toEqual(tensor([2], 2));
    expect(weights.get('bert.embeddings.LayerNorm.bias')).toEqual(tensor([2], 3));
    expect(fresh).toEqual(['classifier.weight']);
  });

  it('start new in the head where shapes differ', async () => {
    await write({ ...whole, 'classifier.weight': tensor([7, 2]) });
    const { weights, fresh } = await read();
    expect(weights.has('classifier.weight')).toBe(false);
    expect(fresh).toEqual(['classifier.weight']);
  });

  it('are refused with every tensor that is missing, misshapen, left over or of integers', async () => {
    await write({
      'bert.embeddings.word_embeddings.weight': tensor([6, 2]),
      'bert.embeddings.LayerNorm.weight': { dtype: 'int32', dims: [2], data: new Int32Array(2) },
      'bert.encoder.layer.12.output.dense.bias': tensor([2]),
    });
    const error = await failure(read({ allowMissing: () => false }));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues.map(({ message }) => message)).toEqual([
      "'bert.embeddings.LayerNorm.bias' [2] is missing",
      "'bert.embeddings.word_embeddings.weight' has shape [6, 2], the model needs [5, 2]",
      "'bert.embeddings.LayerNorm.weight' is int32, the model needs floating point",
      "'bert.encoder.layer.12.output.dense.bias' is left over: the config describes an encoder without it",
      "if that is meant, name them in train.allowMissing, where '*' stands for anything",
    ]);
  });

  it('may differ where it is allowed, and there only', async () => {
    await write({
      'bert.embeddings.word_embeddings.weight': tensor([5, 2]),
      'bert.embeddings.LayerNorm.weight': tensor([3]),
      'bert.encoder.layer.12.output.dense.bias': tensor([2]),
    });
    const allowMissing = (name: string) => /LayerNorm|layer\.12/.test(name);
    const { weights, fresh } = await read({ allowMissing });
    expect([...weights.keys()]).toEqual(['bert.embeddings.word_embeddings.weight']);
    expect(fresh).toEqual(['bert.embeddings.LayerNorm.bias', 'classifier.weight', 'bert.embeddings.LayerNorm.weight']);
    await expect(read({ allowMissing: (name) => name.includes('LayerNorm') })).rejects.toThrow(
      /layer\.12.* is left over/,
    );
  });

  it('are refused with every tensor that holds NaN or infinity', async () => {
    await write({
      ...whole,
      'bert.embeddings.LayerNorm.weight': tensor([2], Number.NaN),
      'bert.embeddings.LayerNorm.bias': { dtype: 'float64', dims: [2], data: new Float64Array([0, 1e39]) },
      'cls.predictions.bias': tensor([5], Number.NaN),
    });
    const error = await failure(read());
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues.map(({ message }) => message)).toEqual([
      expect.stringContaining("'bert.embeddings.LayerNorm.weight' holds NaN at element 0"),
      expect.stringContaining("'bert.embeddings.LayerNorm.bias' holds Infinity at element 1"),
    ]);
  });

  it('are refused when the folder has none', async () => {
    await expect(read()).rejects.toThrow(/holds no weights/);
    await expect(read()).rejects.toBeInstanceOf(ModelFolderError);
  });
});
