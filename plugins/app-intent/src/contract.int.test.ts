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
import { prepareTiny, writeTinyFolder } from './tiny-intent.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-intent-contract-'));

beforeAll(async () => {
  await writeTinyFolder(join(root, 'tiny'), await prepareTiny({ rejection: { fallback: 'chat', threshold: 0.2 } }));
  const graph = new Graph();
  graph.output(graph.input('x', 'float32', ['batch']).add(graph.initializer('one', tensor('float32', [1]))), 'y');
  await mkdir(join(root, 'foreign/onnx'), { recursive: true });
  await writeFile(join(root, 'foreign/onnx/model.onnx'), writeModel(graph));
  await writeFile(join(root, 'foreign/config.json'), '{"model_type":"bert"}');
});
afterAll(() => rm(root, { recursive: true, force: true }));

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs: [
      '想听说不出的秘密',
      { text: '我不想说出这个秘密' },
      { text: '放晴天😀', lexicon: [{ surface: '晴天', type: 'song' }] },
      '北京天气怎么样，明天下雨吗，后天呢？还有大后天呢？',
    ],
    parameters: { topK: 2, explain: true, codePoints: true },
  },
  concurrent: {
    inputs: [
      '听',
      '想听说不出的秘密',
      { text: '我不想说出这个秘密' },
      { text: '放晴天😀', lexicon: [{ surface: '晴天', type: 'song' }] },
      {
        text: '放晴天和晴天',
        lexicon: [
          { surface: '晴天', type: 'song' },
          { surface: '晴天', type: 'audiobook' },
        ],
      },
      '北京天气怎么样，明天下雨吗，后天呢？还有大后天呢？',
    ],
    parameters: [{}, { topK: 1 }, { topK: 3, explain: true }, { codePoints: true }, { threshold: 0.9, explain: true }],
  },
  invalid: [
    { inputs: 'x', parameters: { topK: 0 }, pointer: '/parameters/topK' },
    { inputs: 'x', parameters: { threshold: 2 }, pointer: '/parameters/threshold' },
    { inputs: 'x', parameters: { explain: 'yes' }, pointer: '/parameters/explain' },
    { inputs: [{ text: 'x', lexicon: {} }], pointer: '/inputs/0/lexicon' },
    {
      inputs: ['x', { text: 'x', lexicon: [{ surface: '？', type: 'song' }] }],
      pointer: '/inputs/1/lexicon/0/surface',
    },
  ],
  records: [
    { text: '想听说不出的秘密', intent: 'music', slots: [] },
    { text: '你好', intent: 'chat' },
  ],
});
