import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { describeAppContract } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import plugin from './index.js';
import { sentenceFiles, tinyGraph, writeEncoderFolder } from './tiny-encoder.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-features-contract-'));

beforeAll(async () => {
  await writeEncoderFolder(join(root, 'sentence'), sentenceFiles);
  await writeEncoderFolder(join(root, 'foreign'), { 'onnx/model.onnx': tinyGraph('logits') });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'sentence'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs: ['a fine film', { text: 'dull' }, 'fine and longer . '.repeat(200), 'long 😀 [SEP]'],
    parameters: { pooling: 'mean', normalize: true, prompt_name: 'query' },
  },
  concurrent: {
    inputs: ['fine', 'a fine film', 'dull', 'fine and longer .', 'long and long and long .', 'a 😀 film . '.repeat(20)],
    parameters: [
      {},
      { pooling: 'cls' },
      { pooling: 'mean', normalize: true },
      { pooling: 'none' },
      { prompt_name: 'query' },
    ],
  },
  invalid: [
    { inputs: 'x', parameters: { pooling: 'first' }, pointer: '/parameters/pooling' },
    { inputs: 'x', parameters: { normalize: 'yes' }, pointer: '/parameters/normalize' },
    { inputs: 'x', parameters: { prompt_name: 'document' }, pointer: '/parameters/prompt_name' },
    { inputs: ['a', 'long . '.repeat(20)], parameters: { truncate: false }, pointer: '/inputs/1/text' },
  ],
});
