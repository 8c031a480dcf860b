import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { writeModelFolder } from '@zooid/hub';
import storeLocal from '@zooid/store-local';
import { describeAppContract, exportTiny } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyContent, writeHubFolder } from './tiny-classifier.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-classification-contract-'));

beforeAll(async () => {
  const task = await prepareTiny({ positiveLabel: 'Positive' });
  await writeModelFolder(join(root, 'tiny'), tinyContent(task));
  await writeHubFolder(join(root, 'hub'));
  await mkdir(join(root, 'foreign/onnx'), { recursive: true });
  await writeFile(join(root, 'foreign/onnx/model.onnx'), exportTiny(task));
  const config = { ...task.config, architectures: ['BertForTokenClassification'] };
  await writeFile(join(root, 'foreign/config.json'), JSON.stringify(config));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const parameters = [
  {},
  { top_k: 1 },
  { function_to_apply: 'none' },
  { function_to_apply: 'sigmoid', top_k: 1 },
  { threshold: 0.5 },
];
const invalid = [
  { inputs: 'x', parameters: { top_k: 0 }, pointer: '/parameters/top_k' },
  { inputs: 'x', parameters: { function_to_apply: 'tanh' }, pointer: '/parameters/function_to_apply' },
  { inputs: 'x', parameters: { threshold: 2 }, pointer: '/parameters/threshold' },
  { inputs: [{ text: 'x', text_pair: '' }], pointer: '/inputs/0/text_pair' },
  { inputs: ['x', { text: 'x', text_pair: '\ud800' }], pointer: '/inputs/1/text_pair' },
];

// One that this app trained, and one from elsewhere without segments.
describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs: [
      '物流很快',
      { text: '质量好', text_pair: '还会再来' },
      'broken 😀 [SEP] after a day and then some more of it',
    ],
    parameters: { top_k: 2 },
  },
  concurrent: {
    inputs: [
      '好',
      '物流很快',
      { text: '质量好', text_pair: '还会再来' },
      '退货',
      'broken 😀 [SEP] after a day and then more',
    ],
    parameters,
  },
  invalid,
  records: [
    { text: '物流很快', label: 'Positive' },
    { text: '退货', label: 'Negative' },
  ],
});

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'hub'),
  valid: { inputs: ['a fine film', { text: 'dull', text_pair: 'and long' }, 'fine and longer . '.repeat(200)] },
  concurrent: {
    inputs: ['fine', 'a fine film', { text: 'dull', text_pair: 'and long' }, 'fine and longer .', 'dull . '.repeat(30)],
    parameters,
  },
  invalid,
  records: [
    { text: 'a fine film', label: 'POSITIVE' },
    { text: 'dull', label: 0 },
  ],
});
