import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { silentLogger } from '@zooid/common';
import datasetJsonl from '@zooid/dataset-jsonl';
import { createKernel, type Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { goldenExport } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const things = ['book', 'film', 'phone', 'lamp', 'song'];
const good = ['fine', 'lovely', 'great'];
const bad = ['poor', 'dull', 'broken'];

let folder: string;
let kernel: Kernel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-classification-exported-'));
  const random = new Random(7);
  const review = () => {
    const label = random.int(2) === 1 ? 'good' : 'bad';
    return { text: `${random.choice(things)} ${random.choice(label === 'good' ? good : bad)}`, label };
  };
  for (const [name, count] of Object.entries({ train: 96, dev: 24 })) {
    const lines = Array.from({ length: count }, () => `${JSON.stringify(review())}\n`);
    await writeFile(join(folder, `${name}.jsonl`), lines.join(''));
  }
  await writeFile(
    join(folder, 'recipe.yaml'),
    `app: text-classification
options: { maxLength: 8 }
data: { train: train.jsonl, validation: dev.jsonl }
train: { epochs: 10, batchSize: 16, learningRate: 2.0e-2, bootstrap: 0, threads: 1 }
seed: 1
`,
  );
  // What an exporter leaves: PyTorch's graph of opset 11, a config and a vocabulary, and no weights.
  await mkdir(join(folder, 'base/onnx'), { recursive: true });
  await writeFile(join(folder, 'base/onnx/model.onnx'), goldenExport('bert-11'));
  await writeFile(join(folder, 'base/vocab.txt'), `${[...special, ...things, ...good, ...bad].join('\n')}\n`);
  await writeFile(
    join(folder, 'base/config.json'),
    JSON.stringify({
      model_type: 'bert',
      vocab_size: 16,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 12,
      max_position_embeddings: 10,
    }),
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

it('is trained from an exported graph, and the result is served and trained on', { timeout: 120_000 }, async () => {
  const train = async (name: string, overrides: readonly string[]) => {
    const output = join(folder, name);
    const prepared = await kernel.training.prepare(join(folder, 'recipe.yaml'), { output, overrides });
    const { metrics } = await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
    return { output, metrics };
  };
  const first = await train('first', [`model=${join(folder, 'base')}`]);
  expect(first.metrics.accuracy).toBe(1);

  await kernel.endpoints.open('first', first.output);
  const { outputs } = await kernel.endpoints.run('first', ['song great', 'lamp broken'], { top_k: 1 });
  expect(outputs).toMatchObject([[{ label: 'good' }], [{ label: 'bad' }]]);

  const more = ['train.keepHead=true', 'train.importGraph=true', 'train.maxSteps=1', 'train.learningRate=1.0e-4'];
  const second = await train('second', [`model=${first.output}`, ...more]);
  expect(second.metrics.accuracy).toBe(1);
});
