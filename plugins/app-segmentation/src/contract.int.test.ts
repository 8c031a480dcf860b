import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { resealModelFolder } from '@zooid/hub';
import { Graph, writeModel } from '@zooid/onnx';
import storeLocal from '@zooid/store-local';
import { tensor } from '@zooid/tensor';
import { describeAppContract } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import { prepareTinyFast } from './fast/tiny-fast.fixture.js';
import plugin from './index.js';
import { prepareTiny, tinyRecords, writeTinyFolder } from './tiny-segmentation.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-segmentation-contract-'));

beforeAll(async () => {
  await writeTinyFolder(join(root, 'tiny'), await prepareTiny());
  await writeTinyFolder(join(root, 'both'), await prepareTiny());
  await writeTinyFolder(join(root, 'both/fast'), await prepareTinyFast());
  await resealModelFolder(join(root, 'both'));
  const graph = new Graph();
  graph.output(graph.input('x', 'float32', ['batch']).add(graph.initializer('one', tensor('float32', [1]))), 'y');
  await mkdir(join(root, 'foreign/onnx'), { recursive: true });
  await writeFile(join(root, 'foreign/onnx/model.onnx'), writeModel(graph));
  await writeFile(join(root, 'foreign/config.json'), '{"model_type":"bert"}');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const inputs = [
  '这是一家移动互联网公司',
  { text: '我在 Windows 98 上看电视机😀' },
  { text: '移动互联网公司', lexicon: [{ surface: '移动互联', granularity: 'fine' }] },
  '加速度不同，结果也不一样。'.repeat(12),
  ' ',
];

describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'tiny'),
  foreignModel: join(root, 'foreign'),
  valid: {
    inputs,
    parameters: { granularity: 'both', lexiconMode: 'force', codePoints: true },
  },
  invalid: [
    { inputs: 'x', parameters: { granularity: 'middling' }, pointer: '/parameters/granularity' },
    { inputs: 'x', parameters: { lexiconMode: 'maybe' }, pointer: '/parameters/lexiconMode' },
    { inputs: 'x', parameters: { lexicons: ['nobody'] }, pointer: '/parameters/lexicons/0' },
    { inputs: 'x', parameters: { corpus: 'pku' }, pointer: '/parameters/corpus' },
    { inputs: 'x', parameters: { quality: 'fast' }, pointer: '/parameters/quality' },
    { inputs: 'x', parameters: { quality: 'quick' }, pointer: '/parameters/quality' },
    { inputs: [{ text: 'x', lexicon: {} }], pointer: '/inputs/0/lexicon' },
    { inputs: ['x', { text: 'x', lexicon: [{ surface: ' ' }] }], pointer: '/inputs/1/lexicon/0/surface' },
    {
      inputs: ['x', { text: 'x', lexicon: [{ surface: '天', granularity: 'middling' }] }],
      pointer: '/inputs/1/lexicon/0/granularity',
    },
  ],
  records: tinyRecords.slice(0, 3),
});

// The student beside its teacher keeps the same promises.
describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'both'),
  valid: { inputs, parameters: { granularity: 'both', lexiconMode: 'force', codePoints: true, quality: 'fast' } },
  concurrent: {
    inputs: [...inputs, '好', '加速度不同，结果也不一样。'.repeat(150)],
    parameters: [
      { quality: 'fast' },
      { quality: 'fast', granularity: 'both' },
      { quality: 'fast', granularity: 'coarse' },
      { quality: 'accurate' },
    ],
  },
  invalid: [
    { inputs: 'x', parameters: { quality: 'fast', granularity: 'middling' }, pointer: '/parameters/granularity' },
    { inputs: 'x', parameters: { quality: 'fast', corpus: 'pku' }, pointer: '/parameters/corpus' },
    {
      inputs: [{ text: 'x', lexicon: [{ surface: '天', granularity: 'middling' }] }],
      parameters: { quality: 'fast' },
      pointer: '/inputs/0/lexicon/0/granularity',
    },
  ],
});

// By itself it is a model that needs no telling that it is the fast one.
describeAppContract(plugin, {
  with: [backendOnnx, storeLocal],
  model: join(root, 'both/fast'),
  valid: { inputs, parameters: { granularity: 'both' } },
  invalid: [{ inputs: 'x', parameters: { quality: 'accurate' }, pointer: '/parameters/quality' }],
  records: tinyRecords.slice(0, 3),
});
