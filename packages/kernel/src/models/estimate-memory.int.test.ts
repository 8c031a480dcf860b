import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { estimateMemory } from './estimate-memory.js';

describe('estimateMemory', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zooid-estimate-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = async (name: string, bytes: number) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), Buffer.alloc(bytes));
  };

  it('takes the largest graph with the weights beside it', async () => {
    await put('model.safetensors', 10_000);
    await put('onnx/model.onnx', 10);
    await put('onnx/model.onnx_data', 1000);
    await put('onnx/model.onnx.data.2', 100);
    await put('onnx/model_quantized.onnx', 400);
    await put('onnx/notes.txt', 5000);
    expect(await estimateMemory(folder)).toBe(1110);
  });

  it('takes all checkpoints where there is no graph, also behind links', async () => {
    await put('model-00001.safetensors', 300);
    await put('blob', 200);
    await symlink(join(folder, 'blob'), join(folder, 'model-00002.safetensors'));
    await put('config.json', 7);
    expect(await estimateMemory(folder)).toBe(500);
  });

  it('knows nothing of folders that are not there', async () => {
    expect(await estimateMemory(join(folder, 'none'))).toBe(0);
  });
});
