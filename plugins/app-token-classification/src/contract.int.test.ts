import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { writeModelFolder } from '@zooid/hub';
import storeLocal from '@zooid/store-local';
import { describeAppContract, exportTiny } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyContent, writeHubFolder } from './tiny-tagger.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-tagging-contract-'));

beforeAll(async () => {
  const task = await prepareTiny({ decoder: 'crf', scheme: 'BIES' });
  await writeModelFolder(join(root, 'tiny'), tinyContent(task));
  await writeHubFolder(join(root, 'hub'));
  await mkdir(join(root, 'foreign/onnx'), { recursive: true });
  await writeFile(join(root, 'foreign/onnx/model.onnx'), exportTiny(task));
  const config = { ...task.config, architectures: ['BertForSequenceClassification'] };
  await writeFile(join(root, 'foreign/config.json'), JSON.stringify(config));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const invalid = [
  { inputs: 'x', parameters: { aggregation_strategy: 'last' }, pointer: '/parameters/aggregation_strategy' },
  { inputs: 'x', parameters: { ignore_labels: 'O' }, pointer: '/parameters/ignore_labels' },
  { inputs: 'x', parameters: { ignore_labels: [1] }, pointer: '/parameters/ignore_labels' },
  { inputs: 'x', parameters: { stride: -1 }, pointer: '/parameters/stride' },
  { inputs: 'x', parameters: { stride: 22 }, pointer: '/parameters/stride' },
  { inputs: 'x', parameters: { code_points: 1 }, pointer: '/parameters/code_points' },
];

// One that this app trained, with a conditional random field, and one from elsewhere without segments.
describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs: ['小明去北京了', { text: 'Anna 😀 [SEP] in 上海' }, '李四在南京路'.repeat(30)],
    parameters: { ignore_labels: [], code_points: true },
  },
  invalid,
  records: [
    { text: '小明去北京了', entities: [{ type: 'who', start: 0, end: 2 }] },
    { tokens: ['Anna', 'is'], tags: ['S-who', 'O'] },
  ],
});

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'hub'),
  valid: {
    inputs: ['anna went to new york .', 'anna ! ', 'with newer . '.repeat(50)],
    parameters: { ignore_labels: [] },
  },
  invalid,
  records: [
    { tokens: ['anna', 'went', 'to', 'york'], ner_tags: [1, 0, 0, 3] },
    { tokens: ['anna'], ner_tags: ['B-PER'] },
  ],
});
