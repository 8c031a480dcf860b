import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { describeAppContract } from '@zooid/testing';
import { tokenizerFromVocab } from '@zooid/tokenizers';
import { afterAll, beforeAll } from 'vitest';
import plugin from './index.js';
import { vocabulary, writeTinyMaskedLm } from './tiny-masked-lm.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-fill-mask-'));

beforeAll(async () => {
  await writeTinyMaskedLm(join(root, 'tiny'));
  await writeTinyMaskedLm(join(root, 'maskless'));
  const maskless = vocabulary.filter((token) => token !== '[MASK]');
  await mkdir(join(root, 'maskless'), { recursive: true });
  await writeFile(join(root, 'maskless/tokenizer.json'), JSON.stringify(tokenizerFromVocab(maskless, {}).toJSON()));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'maskless'),
  valid: {
    inputs: ['今天天气很[MASK]', { text: '[MASK]天下[MASK]了吗' }, 'sun or [MASK]', '今天😀[MASK]'],
    parameters: { top_k: 3 },
  },
  concurrent: {
    inputs: [
      '[MASK]',
      '今天[MASK]',
      '今天天气很[MASK]',
      '[MASK]天[MASK]',
      'sun or [MASK] or rain',
      '今天天气[MASK]好了吗',
    ],
    parameters: [{}, { top_k: 1 }, { top_k: 3 }, { targets: ['好', '天'] }, { targets: ['天'], top_k: 2 }],
  },
  invalid: [
    { inputs: '今天天气很好', pointer: '/inputs/0/text' },
    { inputs: ['[MASK]', `${'今'.repeat(20)}[MASK]`], pointer: '/inputs/1/text' },
    { inputs: '[MASK]', parameters: { top_k: 0 }, pointer: '/parameters/top_k' },
    { inputs: '[MASK]', parameters: { targets: [] }, pointer: '/parameters/targets' },
    { inputs: '[MASK]', parameters: { targets: ['好', '今天'] }, pointer: '/parameters/targets/1' },
  ],
});
