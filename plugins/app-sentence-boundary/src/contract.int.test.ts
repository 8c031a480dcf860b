import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { Graph, writeModel } from '@zooid/onnx';
import storeLocal from '@zooid/store-local';
import { tensor } from '@zooid/tensor';
import { describeAppContract } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyRecords, writeTinyFolder } from './tiny-sentences.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-sentences-contract-'));

beforeAll(async () => {
  await writeTinyFolder(join(root, 'tiny'), await prepareTiny());
  const graph = new Graph();
  graph.output(graph.input('x', 'float32', ['batch']).add(graph.initializer('one', tensor('float32', [1]))), 'y');
  await mkdir(join(root, 'foreign/onnx'), { recursive: true });
  await writeFile(join(root, 'foreign/onnx/model.onnx'), writeModel(graph));
  await writeFile(join(root, 'foreign/config.json'), '{"model_type":"bert"}');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const partial = { text: '打开空调😀明天', partial: { committed: 4, settled: 6 } };
describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs: [
      '打开空调明天天气怎么样',
      { text: '你好。播放 Yellow 😀' },
      '苹果香蕉和梨，都好吃'.repeat(12),
      ' ',
      '。',
      partial,
    ],
    parameters: { mode: 'punct', threshold: 0.3, codePoints: true },
  },
  concurrent: {
    inputs: ['打开空调明天天气怎么样', '好', '你好请打开空调谢谢'.repeat(5), partial],
    parameters: [{ mode: 'cut', threshold: 0.4 }, { mode: 'punct', threshold: 0.6 }, {}],
  },
  invalid: [
    { inputs: 'x', parameters: { mode: 'both' }, pointer: '/parameters/mode' },
    { inputs: 'x', parameters: { threshold: 1.5 }, pointer: '/parameters/threshold' },
    { inputs: 'x', parameters: { minLength: 0 }, pointer: '/parameters/minLength' },
    { inputs: 'x', parameters: { rightContext: -1 }, pointer: '/parameters/rightContext' },
    { inputs: 'x', parameters: { window: 1 }, pointer: '/parameters/window' },
    { inputs: [{ text: 'x', partial: true }], pointer: '/inputs/0/partial' },
    { inputs: ['x', { text: 'x', partial: { committed: 2 } }], pointer: '/inputs/1/partial/committed' },
    { inputs: [{ text: '😀', partial: { committed: 1 } }], pointer: '/inputs/0/partial/committed' },
    { inputs: [{ text: 'xyz', partial: { committed: 2, settled: 1 } }], pointer: '/inputs/0/partial/settled' },
    { inputs: [{ text: 'xyz', partial: { done: 1 } }], pointer: '/inputs/0/partial/done' },
  ],
  records: tinyRecords,
});
