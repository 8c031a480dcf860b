import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import datasetJsonl from '@zooid/dataset-jsonl';
import type { Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { RecipeFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SentenceOutput } from './answer.js';
import plugin from './index.js';

/** Requests begin with a verb or a greeting, after which there is a comma, and some are questions. */
const verbs = ['打开', '关闭', '播放', '停止'];
const things = ['空调', '音乐', '电灯', '窗帘'];

let folder: RecipeFolder;
let kernel: Kernel;
beforeAll(async () => {
  const random = new Random(7);
  const request = () => {
    const plea = random.bernoulli(0.4) ? '你好，' : '';
    const isQuestion = random.bernoulli(0.4);
    return `${plea}${random.choice(verbs)}${random.choice(things)}${isQuestion ? '吗？' : '。'}`;
  };
  const record = () => ({ queries: Array.from({ length: 1 + random.int(3) }, request) });
  const single = () => ({ text: request() });
  const data = {
    train: Array.from({ length: 400 }, single),
    dev: Array.from({ length: 24 }, record),
    test: Array.from({ length: 24 }, record),
  };
  const recipe = `app: sentence-boundary
options: { marks: [，, 。, ？], maxUnits: 28, noise: { swap: 0, drop: 0 } }
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl }
train: { epochs: 12, batchSize: 16, sortWindow: 1, bootstrap: 10, threads: 1 }
seed: 1
`;
  folder = await RecipeFolder.create({
    plugins: [storeLocal, backendOnnx, datasetJsonl, fineTune, plugin],
    recipe,
    data,
  });
  kernel = folder.kernel;
});
afterAll(() => folder?.[Symbol.asyncDispose]());
const tiny =
  'encoder={preset: tiny, hidden_size: 64, num_hidden_layers: 1, intermediate_size: 128, max_position_embeddings: 32}';

it('learns from single requests where streams of them are cut, and which marks they lack; serves what it learned', {
  timeout: 120_000,
}, async () => {
  const scratch = await folder.train('scratch', [tiny, 'train.learningRate=3.0e-3']);
  expect(scratch.metrics.cutF1).toBeGreaterThan(0.9);
  expect(scratch.metrics.punctF1).toBeGreaterThan(0.9);
  expect(scratch.metrics).toHaveProperty('cutF1At50');

  const based = await folder.train('based', [`model=${scratch.output}`, 'train.maxSteps=10', 'train.keepHead=true']);
  expect(based.metrics.f1).toBeGreaterThan(0.9);

  // What the folder answers when it is served and scored is what training reported.
  const endpoint = await kernel.endpoints.open('sentences', based.output);
  const { metrics } = await endpoint.evaluate(await folder.read('test'));
  expect(metrics).toEqual(based.metrics);
  const section = JSON.parse(await readFile(join(based.output, 'config.json'), 'utf8'))['sentence-boundary'];
  expect(section.thresholds).toEqual({ cut: expect.any(Number), punct: expect.any(Number) });

  const ask = async (parameters: object) =>
    (await kernel.endpoints.run('sentences', '打开空调你好播放音乐吗', parameters)).outputs[0] as SentenceOutput;
  expect((await ask({})).sentences.map(({ text }) => text)).toEqual(['打开空调', '你好播放音乐吗']);
  const { text, sentences } = await ask({ mode: 'punct' });
  expect(text).toBe('打开空调。你好，播放音乐吗？');
  expect(sentences.map(({ punctuated }) => punctuated)).toEqual(['打开空调。', '你好，播放音乐吗？']);

  // 打开空 is no request yet.
  const outputs = await kernel.endpoints.run('sentences', ['打开空', '打开空调', '打开空调。', '打开空调，']);
  const complete = (outputs.outputs as SentenceOutput[]).map(({ isComplete }) => isComplete);
  expect(complete[0]).toBeLessThan(0.3);
  expect(complete[1]).toBeGreaterThan(complete[0]!);
  expect(complete.slice(2)).toEqual([1, 0]);
});

it('refuses data with labels for other characters before it trains', async () => {
  await folder.write('bad', [{ input: '好人', labels: '_。_' }]);
  await expect(folder.train('refused', [tiny, 'data.train=bad.jsonl'])).rejects.toThrow(
    /bad.jsonl:1: \/labels has 3 labels, but there are 2 characters/,
  );
});
