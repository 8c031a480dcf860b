import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { encodeSafetensors } from './codec.js';
import { readSafetensors, writeSafetensors } from './file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-hub-'));
});
afterEach(() => rm(folder, { recursive: true }));

const tensors: [string, HostTensor][] = [
  ['a', { dtype: 'float32', dims: [2], data: new Float32Array([1, 2]) }],
  ['b', { dtype: 'int64', dims: [1], data: new BigInt64Array([3n]) }],
];

describe('writeSafetensors and readSafetensors', () => {
  it('return what was written, and the file is what the encoder makes', async () => {
    const path = join(folder, 'deep/er/x.safetensors');
    await writeSafetensors(path, new Map(tensors), { step: '7' });
    const { tensors: found, metadata } = await readSafetensors(path);
    expect(found).toEqual(new Map(tensors));
    expect(metadata.get('step')).toBe('7');
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(tensors, { step: '7' }));
  });

  it('replace the old file only by a whole new one, and leave nothing beside it', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors);
    const before = await readFile(path);
    const wrong: HostTensor = { dtype: 'float32', dims: [3], data: new Float32Array(2) };
    await expect(writeSafetensors(path, [['a', wrong]])).rejects.toThrow(CheckpointError);
    expect(await readFile(path)).toEqual(before);
    await writeSafetensors(path, tensors.slice(0, 1));
    expect([...(await readSafetensors(path)).tensors.keys()]).toEqual(['a']);
    expect(await readdir(folder)).toEqual(['x.safetensors']);
  });

  it('load only the tensors asked for, each in memory of its own', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors);
    const { tensors: found } = await readSafetensors(path, { select: (name) => name === 'a' });
    expect([...found.keys()]).toEqual(['a']);
    expect(found.get('a')!.data.buffer.byteLength).toBe(8);
  });

  it('name the file that is missing, cut short or not safetensors', async () => {
    const path = join(folder, 'x.safetensors');
    await expect(readSafetensors(path)).rejects.toThrow(/x\.safetensors: cannot be opened \(ENOENT\)/);
    const bytes = encodeSafetensors(tensors);
    for (const length of [0, 7, 8, 20, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(readSafetensors(path), `${length} bytes`).rejects.toThrow(/x\.safetensors: .*(cut short|damaged)/);
    }
    await writeFile(path, '<!doctype html><title>404</title>');
    await expect(readSafetensors(path)).rejects.toBeInstanceOf(CheckpointError);
  });

  it('stop when the signal fires', async () => {
    const path = join(folder, 'x.safetensors');
    await writeSafetensors(path, tensors);
    await expect(readSafetensors(path, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError);
  });
});
