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
import plugin from './index.js';

const good = ['很好', '喜欢', '满意', '不错'];
const bad = ['太差', '坏了', '退货', '失望'];
const things = ['手机', '耳机', '书', '衣服', '水果', '电脑'];

let folder: RecipeFolder;
let kernel: Kernel;
beforeAll(async () => {
  const random = new Random(7);
  const review = () => {
    const label = random.int(2);
    return { sentence1: random.choice(things), sentence2: random.choice(label === 1 ? good : bad), label };
  };
  const data = Object.fromEntries(
    Object.entries({ train: 96, dev: 24, test: 24 }).map(([name, count]) => [
      name,
      Array.from({ length: count }, review),
    ]),
  );
  // The encoder is the overrides' affair, as in the recipes of the zoo: from scratch, or a base model.
  const recipe = `app: text-classification
options:
  textField: sentence1
  pairField: sentence2
  labelNames: { '0': bad, '1': good }
  positiveLabel: good
  maxLength: 16
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl }
train: { epochs: 6, batchSize: 16, bootstrap: 0 }
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
  'encoder={preset: tiny, hidden_size: 32, num_hidden_layers: 1, intermediate_size: 64, max_position_embeddings: 32}';

it('learns a recipe from scratch and from a base folder, whose tokenizer it keeps', { timeout: 120_000 }, async () => {
  const scratch = await folder.train('scratch', [tiny, 'train.learningRate=5.0e-3', 'options.tokenizer.vocabSize=128']);
  expect(scratch.metrics).toMatchObject({ accuracy: 1, f1: 1 });

  const based = await folder.train('based', [`model=${scratch.output}`]);
  expect(based.metrics.accuracy).toBe(1);
  const files = ['tokenizer.json', 'tokenizer_config.json'];
  for (const file of files) {
    expect(await readFile(join(based.output, file), 'utf8')).toBe(await readFile(join(scratch.output, file), 'utf8'));
  }

  // What the folder answers when it is served and scored is what training reported.
  const endpoint = await kernel.endpoints.open('based', based.output);
  const records = await folder.read('test');
  expect((await endpoint.evaluate(records)).metrics).toMatchObject({ accuracy: 1, f1: 1 });
  const { outputs } = await kernel.endpoints.run('based', { text: '手机', text_pair: '退货' }, { top_k: 1 });
  expect(outputs).toMatchObject([[{ label: 'bad' }]]);
});

it('refuses options that fit no label of the data before it trains', async () => {
  await expect(folder.train('refused', [tiny, 'options.positiveLabel=fine'])).rejects.toThrow(
    /positiveLabel names 'fine', which is no label: the training split has bad, good/,
  );
});
