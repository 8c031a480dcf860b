import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel, type Kernel, pipeline } from '@zooid/kernel';
import type { TaskShapes } from '@zooid/spec';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { sentenceFiles, writeEncoderFolder } from './tiny-encoder.fixture.js';

type Parameters = TaskShapes['feature-extraction']['parameters'];

const plugins = [storeLocal, backendOnnx, plugin];
let root: string;
let kernel: Kernel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-features-'));
  await writeEncoderFolder(join(root, 'plain'));
  await writeEncoderFolder(join(root, 'sentence'), sentenceFiles);
  kernel = await createKernel({ plugins, config: { root, settings: { 'backend-onnx': { workers: 1 } } } });
  // Neither folder was made by Zooid: config.json and modules.json tell what they are for.
  await kernel.endpoints.open('plain', join(root, 'plain'));
  await kernel.endpoints.open('sentence', join(root, 'sentence'));
});
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const vectorOf = async (name: string, text: string, parameters: Parameters = {}) =>
  (await kernel.endpoints.run(name, text, parameters)).outputs[0] as number[];
const statesOf = async (text: string) =>
  (await kernel.endpoints.run('plain', text, { pooling: 'none' })).outputs[0] as number[][];
const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
};

describe('embeddings', () => {
  it('are one vector per token without pooling, special tokens included', async () => {
    const states = await statesOf('a fine film');
    expect(states).toHaveLength(5);
    expect(states.every((row) => row.length === 16)).toBe(true);
  });

  it('are the mean over the tokens where the folder says nothing', async () => {
    const states = await statesOf('a fine film');
    const mean = states[0]!.map((_, i) => states.reduce((sum, row) => sum + row[i]!, 0) / states.length);
    expectClose(await vectorOf('plain', 'a fine film'), mean);
  });

  it('follow pooling and normalisation of the folder, unless the request says otherwise', async () => {
    const [first] = await statesOf('dull');
    const norm = Math.hypot(...first!);
    expectClose(
      await vectorOf('sentence', 'dull'),
      first!.map((x) => x / norm),
    );
    expectClose(await vectorOf('sentence', 'dull', { normalize: false }), first!);
    expectClose(
      await vectorOf('sentence', 'dull', { pooling: 'mean', normalize: false }),
      await vectorOf('plain', 'dull'),
    );
  });

  it('have length 1 when asked for, with one vector per token too', async () => {
    expect(Math.hypot(...(await vectorOf('plain', 'dull', { normalize: true })))).toBeCloseTo(1, 6);
    const { outputs } = await kernel.endpoints.run('plain', 'dull', { pooling: 'none', normalize: true });
    for (const row of outputs[0] as number[][]) expect(Math.hypot(...row)).toBeCloseTo(1, 6);
  });

  it('put a prompt before the text', async () => {
    expectClose(
      await vectorOf('sentence', 'dull', { prompt_name: 'query' }),
      await vectorOf('sentence', 'query: dull'),
    );
  });

  it('cut what is too long, or refuse it with its place', async () => {
    const long = 'fine and long '.repeat(50);
    expect(await statesOf(long)).toHaveLength(16);
    expectClose(await vectorOf('plain', long), await vectorOf('plain', `${long} and more`));
    await expect(kernel.endpoints.run('plain', ['a', long], { truncate: false })).rejects.toMatchObject({
      issues: [{ path: '/inputs/1/text', message: expect.stringContaining('more than the 16 tokens') }],
    });
  });

  it('take text for text: no special tokens from outside', async () => {
    expect(await statesOf('[SEP]')).toHaveLength(5); // [CLS] [ SEP ] [SEP]
  });
});

it('are one call away in a program of one’s own, typed by the task', async () => {
  await using embed = await pipeline('feature-extraction', join(root, 'sentence'), { plugins });
  const vectors = await embed(['a fine film', 'dull'], { pooling: 'cls' });
  expect(vectors.map((vector) => vector.length)).toEqual([16, 16]);
  expectClose((await embed('dull')) as number[], await vectorOf('sentence', 'dull'));
});
