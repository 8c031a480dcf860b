import backendOnnx from '@zooid/backend-onnx';
import datasetJsonl from '@zooid/dataset-jsonl';
import type { Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { RecipeFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';

/** Words of characters that no other word has, and suffixes that belong to the word before them in the coarse words. */
const words = ['公司', '移动', '互联网', '我', '喜欢', '北京', '电视', '加速', '洗衣', '在', '的', '大学'];
const suffixes = ['机', '度', '性'];

let folder: RecipeFolder;
let kernel: Kernel;
beforeAll(async () => {
  const random = new Random(7);
  const record = () => {
    const fine: string[] = [];
    const coarse: string[] = [];
    for (let i = 3 + random.int(5); i > 0; i--) {
      const word = random.choice(words);
      const suffix = random.bernoulli(0.3) ? [random.choice(suffixes)] : [];
      fine.push(word, ...suffix);
      coarse.push([word, ...suffix].join(''));
    }
    return { text: fine.join(''), words: fine, coarse };
  };
  const data = Object.fromEntries(
    Object.entries({ train: 120, dev: 24, test: 24 }).map(([name, count]) => [
      name,
      Array.from({ length: count }, record),
    ]),
  );
  // The encoder is the overrides' affair: from scratch, or a base model.
  const recipe = `app: segmentation
options: { maxUnits: 28, heads: 4, bigrams: { size: 16, dropout: 0.1 } }
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl }
train: { epochs: 6, batchSize: 8, bootstrap: 0, threads: 1 }
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

it('learns both granularities from scratch and from a base folder, and serves what it learned', {
  timeout: 120_000,
}, async () => {
  const scratch = await folder.train('scratch', [tiny, 'train.learningRate=5.0e-3']);
  expect(scratch.metrics.fineF1).toBeGreaterThan(0.97);
  expect(scratch.metrics.coarseF1).toBeGreaterThan(0.97);

  const based = await folder.train('based', [`model=${scratch.output}`, 'train.maxSteps=10']);
  expect(based.metrics.f1).toBeGreaterThan(0.97);

  // What the folder answers when it is served and scored is what training reported.
  const endpoint = await kernel.endpoints.open('words', based.output);
  const { metrics } = await endpoint.evaluate(await folder.read('test'));
  expect(metrics).toEqual(based.metrics);

  const { outputs } = await kernel.endpoints.run('words', '我喜欢电视机', { granularity: 'both' });
  const textsOf = ({ words }: { words: readonly { text: string }[] }) => words.map(({ text }) => text);
  const [{ coarse, fine }] = outputs as [
    { coarse: Parameters<typeof textsOf>[0]; fine: Parameters<typeof textsOf>[0] },
  ];
  expect([textsOf(coarse), textsOf(fine)]).toEqual([
    ['我', '喜欢', '电视机'],
    ['我', '喜欢', '电视', '机'],
  ]);
});

it('trains a student on its own answers and gold words, and serves it beside itself', {
  timeout: 120_000,
}, async () => {
  const teacher = await folder.train('teacher', [tiny, 'train.learningRate=5.0e-3']);
  const alone = await kernel.endpoints.open('teacher', teacher.output);
  const texts = (await folder.read('train')).map(({ text }) => text as string);
  const labelled = await kernel.endpoints.run('teacher', texts, { granularity: 'both' });
  await folder.write(
    'labelled',
    labelled.outputs.map((prediction, i) => ({ text: texts[i], prediction })),
  );
  await expect(kernel.endpoints.run('teacher', texts[0], { quality: 'fast' })).rejects.toThrow(
    /\/parameters\/quality is 'fast', but this model has no fast student; train one/,
  );
  expect(alone.model.revision).toBe((await kernel.models.resolve(teacher.output)).revision);

  const student = await folder.train('teacher/fast', [
    'options={network: fast, fast: {size: 32, kernels: [3, 3], characterMinCount: 1, pairMinCount: 1}}',
    'data.train=[labelled.jsonl, train.jsonl]',
    'train.learningRate=1.0e-2',
  ]);
  expect(student.metrics.fineF1).toBeGreaterThan(0.97);
  expect(student.metrics.coarseF1).toBeGreaterThan(0.97);

  // The student is part of the teacher's content now, and the same endpoint answers with either.
  await kernel.endpoints.reload('teacher');
  expect(alone.model.revision).toBe((await kernel.models.resolve(teacher.output)).revision);
  for (const quality of ['fast', 'accurate']) {
    const { outputs } = await kernel.endpoints.run('teacher', '我喜欢电视机', { granularity: 'both', quality });
    const [{ coarse, fine }] = outputs as [Record<'coarse' | 'fine', { words: readonly { text: string }[] }>];
    expect(coarse.words.map(({ text }) => text)).toEqual(['我', '喜欢', '电视机']);
    expect(fine.words.map(({ text }) => text)).toEqual(['我', '喜欢', '电视', '机']);
  }
  // By itself it is a model as well, and needs no telling that it is the fast one.
  const { outputs } = await (await kernel.endpoints.open('student', student.output)).execute(
    kernel.endpoints.get('student').parse('我喜欢电视机'),
  );
  expect(outputs).toMatchObject([{ granularity: 'fine', words: [{ text: '我' }, { text: '喜欢' }, {}, {}] }]);
});

it('refuses data that does not spell its texts before it trains', async () => {
  await folder.write('bad', [{ text: '好人', words: ['好', '仁'] }]);
  await expect(folder.train('refused', [tiny, 'data.train=bad.jsonl'])).rejects.toThrow(
    /bad.jsonl.*\/words must spell the text/,
  );
});
