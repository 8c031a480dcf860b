import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, Random, tensor } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDataFolder } from '../data-folder.js';
import { g2pm } from './g2pm.js';
import { g2pmGraph } from './network.js';
import { G2pmVocabulary } from './sentences.js';

const random = new Random(3);
const shapes = {
  'embedding.weight': [7, 4],
  'lstm.weight_ih_l0': [12, 4],
  'lstm.weight_hh_l0': [12, 3],
  'lstm.bias_ih_l0': [12],
  'lstm.bias_hh_l0': [12],
  'lstm.weight_ih_l0_reverse': [12, 4],
  'lstm.weight_hh_l0_reverse': [12, 3],
  'lstm.bias_ih_l0_reverse': [12],
  'lstm.bias_hh_l0_reverse': [12],
  'logit_layer.0.weight': [5, 6],
  'logit_layer.0.bias': [5],
  'logit_layer.2.weight': [2, 5],
  'logit_layer.2.bias': [2],
};
const weights = new Map(
  Object.entries(shapes).map(([name, dims]) => {
    const count = dims.reduce((a, b) => a * b, 1);
    return [
      name,
      tensor(
        'float32',
        Float32Array.from({ length: count }, () => random.normal()),
        dims,
      ),
    ] as const;
  }),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zooid-g2pm-'));
  writeFileSync(join(folder, 'char2idx.json'), '{"<PAD>":0,"<UNK>":1,"시":2,"끝":3,"了":4,"𠀀":5,"不":6}');
  writeFileSync(join(folder, 'class2idx.json'), '{"le5":1,"liao3":0}');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the network of g2pM', () => {
  it('gives a sentence the same logits alone and beside longer ones', async () => {
    const vocabulary = await G2pmVocabulary.read(folder);
    expect(vocabulary.readings).toEqual(['liao3', 'le5']);
    const short = { text: '𠀀了', position: 1, label: 'le5' };
    const long = { text: '不了x了不', position: 3, label: 'liao3' };
    const both = vocabulary.feeds([short, long]);
    expect(Array.from(both.input_ids!.data as BigInt64Array, Number)).toEqual([
      2, 5, 4, 3, 0, 0, 0, 2, 6, 4, 1, 4, 6, 3,
    ]);
    expect([...(both.lengths!.data as Int32Array)]).toEqual([4, 7]);
    expect(Array.from(both.marked!.data as BigInt64Array, Number)).toEqual([2, 11]);

    const model = writeModel(g2pmGraph(weights));
    const { logits } = await runModel(model, both);
    expect(logits!.dims).toEqual([2, 2]);
    const alone = await runModel(model, vocabulary.feeds([short]));
    const first = tensor('float32', (logits!.data as Float32Array).slice(0, 2), [1, 2]);
    expect(allClose(alone.logits!, first, { atol: 1e-6 })).toBe(true);
  });
});

describe.runIf(findDataFolder('weights-g2pm') !== undefined && findDataFolder('cpp-polyphone') !== undefined)(
  'the published weights of g2pM',
  () => {
    it('reach their published accuracy and the reference logits', async () => {
      const { ok, details } = await g2pm.run({ log: () => {}, pythons: [] });
      expect(details).toMatchObject({ accuracy: 97.31, sentences: 10_254 });
      expect(ok).toBe(true);
    });
  },
);
