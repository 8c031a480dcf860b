import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../errors.js';
import { memorySource } from '../byte-source.js';
import { openSource } from '../open-weights-file.js';

interface Case {
  readonly name: string;
  readonly file: string;
}
interface ExpectedTensor {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly data: string;
}

const golden = <Content>(file: string): Content =>
  JSON.parse(readFileSync(new URL(`../__golden__/${file}`, import.meta.url), 'utf8')) as Content;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const open = (base64: string) => openSource(memorySource(bytesOf(base64), 'x.bin'));

/** Made by PyTorch itself; see `producedBy` in the files. */
const { cases } = golden<{ cases: readonly (Case & { tensors: Readonly<Record<string, ExpectedTensor>> })[] }>(
  'checkpoints.json',
);
const { cases: hostile, refused } = golden<{
  cases: readonly (Case & { global: string })[];
  refused: readonly (Case & { message: string })[];
}>('hostile.json');

describe('a PyTorch checkpoint', () => {
  it.each(cases.map(({ name, file, tensors }) => [name, file, tensors] as const))(
    'gives the tensors of %s, bit for bit',
    async (_, file, expected) => {
      await using weights = await open(file);
      expect(weights.format).toBe('pytorch');
      expect([...weights.tensors.keys()]).toEqual(Object.keys(expected));
      for (const [name, { dtype, dims, data }] of Object.entries(expected)) {
        const stored = weights.tensors.get(name)!;
        const tensor = await stored.read();
        expect({ dtype: tensor.dtype, dims: tensor.dims, stored: stored.dtype, shape: stored.dims }, name).toEqual({
          dtype: dtype === 'bfloat16' ? 'float32' : dtype,
          dims,
          stored: tensor.dtype,
          shape: dims,
        });
        expect(new Uint8Array(tensor.data.buffer), name).toEqual(bytesOf(data));
      }
    },
  );

  it('counts memory that tensors share once, and tells tied weights by their key', async () => {
    await using weights = await open(cases.find(({ name }) => name === 'views and shared storages')!.file);
    const { tensors, distinctBytes } = weights;
    // 24 float32, and a half, a long and a byte storage of 6.
    expect(distinctBytes).toBe(24 * 4 + 6 * 2 + 6 * 8 + 6);
    expect(tensors.get('tied')!.viewKey).toBe(tensors.get('whole')!.viewKey);
    expect(tensors.get('tail')!.viewKey).not.toBe(tensors.get('whole')!.viewKey);
  });

  it.each(hostile.map(({ name, file, global }) => [name, global, file] as const))(
    'is refused for %s, naming %s',
    async (_, global, file) => {
      const error = await open(file).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as Error).message).toContain(`x.bin: the pickle asks for '${global}'`);
      expect((error as Error).message).toContain('safetensors');
    },
  );

  it.each(refused.map(({ name, file, message }) => [name, message, file] as const))(
    'is refused for %s: %s',
    async (_, message, file) => {
      await expect(open(file)).rejects.toThrow(message);
      await expect(open(file)).rejects.toBeInstanceOf(CheckpointError);
    },
  );

  it.each<[string, string | Uint8Array, RegExp]>([
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n', /git lfs pull/],
    ['an HTML page', '<!doctype html><title>404</title>', /not a safetensors file/],
    ['a tar file of PyTorch before 0.4', `${'\0'.repeat(257)}ustar${'\0'.repeat(250)}`, /tar checkpoint/],
    ['a zip without a pickle', bytesOf('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=='), /cut short|not a safetensors/],
    ['an empty file', '', /0 bytes are too few/],
    ['a pickle of no checkpoint', new Uint8Array([0x80, 2, 0x7d, 0x2e]), /not one of torch\.save's/],
  ])('is not made of %s', async (_, content, message) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const opened = openSource(memorySource(bytes, 'x.bin'));
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toBeInstanceOf(CheckpointError);
  });
});
