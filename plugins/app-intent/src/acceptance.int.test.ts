import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
import appIntent from './index.js';

/** Verticals and the type of name that decides for each. */
const verticals = { music: 'song', video: 'film', map: 'place' } as const;
const templates = ['我要{}', '打开{}', '来一个{}', '{}在哪里', '找一下{}', '帮我看看{}吧'];

let folder: string;
let kernel: Kernel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-intent-acceptance-'));
  await writeData(folder);
  kernel = await createKernel({
    plugins: [storeLocal, backendOnnx, datasetJsonl, fineTune, appIntent],
    config: { root: folder },
  });
});
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Every name is two to four random characters, so that nothing but the lexicon tells what it names, and the names of
 * the test texts occur in no training text.
 */
async function writeData(root: string): Promise<void> {
  const random = new Random(7);
  const characters = Array.from('天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏');
  const names = new Set<string>();
  while (names.size < 360)
    names.add(Array.from({ length: 2 + random.int(3) }, () => random.choice(characters)).join(''));
  const intents = Object.keys(verticals) as (keyof typeof verticals)[];
  const lexicon = Array.from(names, (surface, i) => ({ surface, intent: intents[i % intents.length]! }));
  const write = (file: string, records: readonly unknown[]) =>
    writeFile(join(root, file), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const texts = (entries: typeof lexicon) =>
    entries.flatMap(({ surface, intent }) => {
      const chosen = random.shuffle([...templates]).slice(0, 3);
      return chosen.map((template) => ({ text: template.replace('{}', surface), intent }));
    });
  await write('train.jsonl', texts(lexicon.slice(0, 240)));
  await write('dev.jsonl', texts(lexicon.slice(240, 300)));
  await write('test.jsonl', texts(lexicon.slice(300)));
  await write(
    'names.jsonl',
    lexicon.map(({ surface, intent }) => ({ surface, type: verticals[intent] })),
  );
  await writeFile(
    join(root, 'recipe.yaml'),
    `app: intent
encoder: { preset: tiny }
options:
  maxLength: 32
  fusion: { slotSize: 32, sharedSize: 64, heads: 4 }
  lexicon: { fromTraining: false, resources: [names] }
  tokenizer: { vocabSize: 4000 }
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl, resources: { names: names.jsonl } }
train: { epochs: 8, batchSize: 32, learningRate: 1.0e-3, metric: accuracy, bootstrap: 0 }
seed: 1
`,
  );
}

async function accuracyWith(mode: string): Promise<number> {
  const prepared = await kernel.training.prepare(join(folder, 'recipe.yaml'), {
    output: join(folder, mode),
    overrides: [`options.fusion.mode=${mode}`],
  });
  const { metrics } = await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
  return metrics.accuracy!;
}

it('tells classes apart by the lexicon where the text alone cannot', { timeout: 120_000 }, async () => {
  const withSlots = await accuracyWith('full');
  const textOnly = await accuracyWith('none');
  expect(withSlots).toBeGreaterThanOrEqual(0.95);
  expect(textOnly).toBeLessThanOrEqual(0.6);
});
