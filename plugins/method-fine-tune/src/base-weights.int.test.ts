import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@zooid/hub';
import { type HostTensor, toFloat16 } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBaseWeights } from './base-weights.js';

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
const optional = (name: string) => name.startsWith('classifier.');
const write = (tensors: Record<string, HostTensor>) =>
  writeSafetensors(join(folder, 'model.safetensors'), Object.entries(tensors));

describe('weights of a base model', () => {
  it('are found under the names of a bare encoder and of old checkpoints, in half precision too', async () => {
    await write({
      'embeddings.word_embeddings.weight': {
        dtype: 'float16',
        dims: [5, 2],
        data: toFloat16(new Float32Array(10).fill(0.5)),
      },
      'embeddings.LayerNorm.gamma': tensor([2], 2),
      'embeddings.LayerNorm.beta': tensor([2], 3),
      'pooler.dense.bias': tensor([2]),
    });
    const { weights, fresh, unused } = await readBaseWeights({ folder, declared, optional });
    expect(weights.get('bert.embeddings.word_embeddings.weight')).toEqual(tensor([5, 2], 0.5));
    expect(weights.get('bert.embeddings.LayerNorm.weight')).toEqual(tensor([2], 2));
    expect(weights.get('bert.embeddings.LayerNorm.bias')).toEqual(tensor([2], 3));
    expect(fresh).toEqual(['classifier.weight']);
    expect(unused).toEqual(['pooler.dense.bias']);
  });

  it('start new in the head where shapes differ', async () => {
    await write({
      'bert.embeddings.word_embeddings.weight': tensor([5, 2]),
      'bert.embeddings.LayerNorm.weight': tensor([2]),
      'bert.embeddings.LayerNorm.bias': tensor([2]),
      'classifier.weight': tensor([7, 2]),
    });
    const { weights, fresh } = await readBaseWeights({ folder, declared, optional });
    expect(weights.has('classifier.weight')).toBe(false);
    expect(fresh).toEqual(['classifier.weight']);
  });

  it('are refused with every tensor that is missing or misshapen', async () => {
    await write({
      'bert.embeddings.word_embeddings.weight': tensor([6, 2]),
      'bert.embeddings.LayerNorm.weight': tensor([2]),
    });
    await expect(readBaseWeights({ folder, declared, optional })).rejects.toThrow(
      /word_embeddings\.weight' has shape \[6, 2\], the model needs \[5, 2\]; 'bert\.embeddings\.LayerNorm\.bias' \[2\] is missing/,
    );
  });

  it('are refused when the folder has none', async () => {
    await expect(readBaseWeights({ folder, declared, optional })).rejects.toThrow(/model\.safetensors is missing/);
  });
});
