import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { silentLogger } from '@zooid/common';
import datasetJsonl from '@zooid/dataset-jsonl';
import { createKernel, type Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';

const good = ['很好', '喜欢', '满意', '不错'];
const bad = ['太差', '坏了', '退货', '失望'];
const things = ['手机', '耳机', '书', '衣服', '水果', '电脑'];

let folder: string;
let kernel: Kernel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-classification-acceptance-'));
  const random = new Random(7);
  const review = () => {
    const label = random.int(2);
    return { sentence1: random.choice(things), sentence2: random.choice(label === 1 ? good : bad), label };
  };
  for (const [name, count] of Object.entries({ train: 96, dev: 24, test: 24 })) {
    const lines = Array.from({ length: count }, () => `${JSON.stringify(review())}\n`);
    await writeFile(join(folder, `${name}.jsonl`), lines.join(''));
  }
  // The encoder is the overrides' affair, as in the recipes of the zoo: from scratch, or a base model.
  await writeFile(
    join(folder, 'recipe.yaml'),
    `app: text-classification
options:
  textField: sentence1
  pairField: sentence2
  labelNames: { '0': bad, '1': good }
  positiveLabel: good
  maxLength: 16
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl }
train: { epochs: 6, batchSize: 16, bootstrap: 0 }
seed: 1
`,
  );
  kernel = await createKernel({
    plugins: [storeLocal, backendOnnx, datasetJsonl, fineTune, plugin],
    config: { root: folder },
  });
});
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function train(name: string, overrides: readonly string[]) {
  const output = join(folder, name);
  const prepared = await kernel.training.prepare(join(folder, 'recipe.yaml'), { output, overrides });
  const { metrics } = await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
  return { output, metrics };
}
const tiny =
  'encoder={preset: tiny, hidden_size: 32, num_hidden_layers: 1, intermediate_size: 64, max_position_embeddings: 32}';

it('learns a recipe from scratch and from a base folder, whose tokenizer it keeps', { timeout: 120_000 }, async () => {
  const scratch = await train('scratch', [tiny, 'train.learningRate=5.0e-3', 'options.tokenizer.vocabSize=128']);
  expect(scratch.metrics).toMatchObject({ accuracy: 1, f1: 1 });

  const based = await train('based', [`model=${scratch.output}`]);
  expect(based.metrics.accuracy).toBe(1);
  const files = ['tokenizer.json', 'tokenizer_config.json'];
  for (const file of files) {
    expect(await readFile(join(based.output, file), 'utf8')).toBe(await readFile(join(scratch.output, file), 'utf8'));
  }

  // What the folder answers when it is served and scored is what training reported.
  const endpoint = await kernel.endpoints.open('based', based.output);
  const records = (await readFile(join(folder, 'test.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect((await endpoint.evaluate(records)).metrics).toMatchObject({ accuracy: 1, f1: 1 });
  const { outputs } = await kernel.endpoints.run('based', { text: '手机', text_pair: '退货' }, { top_k: 1 });
  expect(outputs).toMatchObject([[{ label: 'bad' }]]);
});

it('refuses options that fit no label of the data before it trains', async () => {
  await expect(train('refused', [tiny, 'options.positiveLabel=fine'])).rejects.toThrow(
    /positiveLabel names 'fine', which is no label: the training split has bad, good/,
  );
});
