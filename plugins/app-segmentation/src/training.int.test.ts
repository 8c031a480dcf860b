import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runModel } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';
import { exportedModel, exportTiny, trainTiny, untrainedWeights } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WordsByGranularity } from './metrics.js';
import { denoisingModes, fusionModes } from './options.js';
import { segmentationTask } from './segmentation-task.js';
import { prepareTiny, tinyExamples, tinyRecords, writeTinyFolder } from './tiny-segmentation.fixture.js';

const trainAndExport = (task: PreparedTask, examples: readonly unknown[] = tinyExamples, steps = 10) =>
  trainTiny(task, examples, { steps, learningRate: 5e-3 });

const worst = (a: TensorMap, b: TensorMap, name: string) => {
  const [x, y] = [a[name]!.data as Float32Array, b[name]!.data as Float32Array];
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
};

const variants: [string, Record<string, unknown>][] = [
  ...fusionModes.map((fusion): [string, Record<string, unknown>] => [`fusion ${fusion}`, { fusion }]),
  ...denoisingModes.map((mode): [string, Record<string, unknown>] => [
    `denoising ${mode}`,
    { denoising: { mode, rate: 0.5 } },
  ]),
  ['random pair vectors', { bigrams: { vectors: 'random' } }],
  ['no attention over the fused states', { heads: 0 }],
  ['no granularity loss', { granularityLoss: 0 }],
  ['one granularity', { granularities: { fine: 'words' } }],
  ['units and pairs dropped', { unitDropout: 0.2, bigrams: { dropout: 0.5 } }],
  ['windows of a few units', { maxUnits: 8 }],
];

describe('every variant learns and is exported as it was trained', () => {
  it.each(variants)('%s', async (_, options) => {
    const task = await prepareTiny(options);
    const { losses, feeds, trained, exported } = await trainAndExport(task);
    expect(Math.min(...losses.slice(-2))).toBeLessThan(losses[0]! - 0.1);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    expect(Object.keys(exported)).toEqual(task.outputs);
    for (const name of task.outputs) expect(worst(trained, exported, name)).toBeLessThan(1e-5);
  });

  it('with a second tag for the corpus', async () => {
    const records = tinyRecords.map((record, i) => ({ ...record, source: i % 2 === 0 ? 'news' : 'web' }));
    const options = { corpusField: 'source', maxUnits: 20 };
    const examples = records.map((record) => segmentationTask.parse(record, options));
    const task = await prepareTiny(options, records);
    const { losses, feeds, exported } = await trainAndExport(task, examples);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
    expect(Object.keys(exported)).toEqual(['logits']);
    // [CLS], two tags, then the text.
    const [, sequence] = feeds.input_ids!.dims as [number, number];
    const row = (index: number) =>
      [...(feeds.input_ids!.data as BigInt64Array)].slice(index * sequence, index * sequence + 4);
    const [fine, coarse, nextFine] = [row(0), row(1), row(2)];
    expect([fine[1] === coarse[1], fine[2] === coarse[2], fine[2] === nextFine[2]]).toEqual([false, true, false]);
  });

  it('with criteria that records name, which requests then ask for', async () => {
    const options = { granularities: { any: 'words' }, criterionField: 'criterion' };
    const records = tinyRecords.flatMap(({ text, words, coarse }) => [
      { text, words, criterion: 'pku' },
      { text, words: coarse, criterion: 'msr' },
    ]);
    const examples = records.map((record) => segmentationTask.parse(record, options));
    const task = await prepareTiny(options, records);
    const { losses, exported, features } = await trainAndExport(task, examples);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
    expect(task.config.segmentation).toMatchObject({ granularities: ['msr', 'pku'] });
    const answers = task.decode(exported, features) as WordsByGranularity[];
    expect(answers.slice(0, 2).map((words) => [...words.keys()])).toEqual([['pku'], ['msr']]);
    expect(Object.keys(task.metrics(answers, examples))).toEqual(expect.arrayContaining(['f1', 'pkuF1', 'msrF1']));
  });

  it('until it knows the words of both granularities', async () => {
    const task = await prepareTiny({ bigrams: { dropout: 0 } });
    const { exported, features } = await trainAndExport(task, tinyExamples, 60);
    const answers = task.decode(exported, features) as WordsByGranularity[];
    expect(answers[0]!.get('fine')).toEqual(['这', '是', '一家', '移动', '互联网', '公司']);
    expect(answers[0]!.get('coarse')).toEqual(['这', '是', '一家', '移动互联网', '公司']);
    const metrics = task.metrics(answers, tinyExamples);
    expect(metrics).toMatchObject({
      f1: 1,
      fineF1: 1,
      coarseF1: 1,
      fineIvRecall: 1,
      coarseBoundaryF1: 1,
      fineExactMatch: 1,
    });
  });
});

describe('with a list of known words', () => {
  const options = { lexicon: { resources: ['names'], dropout: 0.2 } };
  let folder: string;
  let resources: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-lexicon-'));
    resources = { names: join(folder, 'names.jsonl') };
    await writeFile(
      resources.names!,
      '{"word":"移动互联网"}\n{"surface":"洗衣机","df":3}\n{"word":"机"}\n{"word":"洗衣机"}\n',
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('the model learns, is exported as it was trained, and reads the list back from its folder', async () => {
    const task = await prepareTiny(options, tinyRecords, resources);
    const { losses, feeds, trained, exported } = await trainAndExport(task);
    expect(Math.min(...losses.slice(-2))).toBeLessThan(losses[0]! - 0.1);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    expect(worst(trained, exported, 'logits')).toBeLessThan(1e-5);
    expect(task.files.get('lexicon.txt')).toBe('移动互联网\n洗衣机\n');

    await writeTinyFolder(join(folder, 'model'), task);
    const restored = await segmentationTask.restore(join(folder, 'model'), {});
    const collated = (from: PreparedTask) =>
      from.collate([from.featurize(tinyExamples[0])], { training: false, random: new Random(1) });
    expect(collated(restored)).toEqual(collated(task));
    expect((collated(task).lexicon_marks!.data as Float32Array).some((mark) => mark === 1)).toBe(true);
  });

  it('its absence from the recipe, a bad line and a fusion that leaves it out are refused', async () => {
    await expect(prepareTiny(options)).rejects.toThrow(/\/lexicon\/resources\/0 names 'names', which data.resources/);
    await expect(prepareTiny({ ...options, fusion: 'none' }, tinyRecords, resources)).rejects.toThrow(
      /\/fusion needs a fusion/,
    );
    const bad = { names: join(folder, 'bad.jsonl') };
    await writeFile(bad.names, '{"word":"好"}\n{"words":"好"}\n');
    await expect(prepareTiny(options, tinyRecords, bad)).rejects.toThrow(/bad.jsonl line 2: \/word must be a string/);
  });
});

describe('the model', () => {
  it('answers the same however much padding there is', async () => {
    const task = await prepareTiny();
    const graph = exportTiny(task);
    const features = tinyExamples.map((example) => task.featurize(example));
    const random = new Random(1);
    const all = await runModel(graph, task.collate(features, { training: false, random }));
    const alone = await runModel(graph, task.collate(features.slice(0, 1), { training: false, random }));
    const size = alone.logits!.data.length / 2;
    const wide = all.logits!.data.length / all.logits!.dims[0]!;
    for (const row of [0, 1]) {
      const here = (alone.logits!.data as Float32Array).subarray(row * size, (row + 1) * size);
      const there = (all.logits!.data as Float32Array).subarray(row * wide, row * wide + size);
      for (const [i, value] of here.entries()) expect(there[i]).toBeCloseTo(value, 5);
    }
  });

  it('answers otherwise for another tag', async () => {
    const task = await prepareTiny();
    const feeds = task.collate([task.featurize(tinyExamples[0])], { training: false, random: new Random(1) });
    const { logits } = await runModel(exportTiny(task), feeds);
    const size = logits!.data.length / 2;
    const data = logits!.data as Float32Array;
    const differences = data.subarray(0, size).map((value, i) => Math.abs(value - data[size + i]!));
    expect(Math.max(...differences)).toBeGreaterThan(0.01);
  });

  it('gives a pair that training never saw the mean of its characters, whatever became of the row of unknown pairs', async () => {
    const task = await prepareTiny();
    const weights = untrainedWeights(exportedModel(task));
    const feeds = task.collate([task.featurize(tinyExamples[0])], { training: false, random: new Random(1) });
    const unknown = {
      ...feeds.bigram_ids!,
      data: (feeds.bigram_ids!.data as BigInt64Array).map((id) => (id === 0n ? 0n : 1n)),
    };
    const answer = async () => runModel(exportTiny(task, weights), { ...feeds, bigram_ids: unknown });
    const before = await answer();
    const table = weights.get('bigrams.pairs.weight')!;
    const [, width] = table.dims as [number, number];
    weights.set('bigrams.pairs.weight', {
      ...table,
      data: table.data.map((value, i) => (i < 2 * width ? value + 9 : value)),
    });
    expect(worst(before, await answer(), 'logits')).toBe(0);
  });
});

describe('what training is told', () => {
  it('names options that the encoder cannot follow, and granularities without data', async () => {
    await expect(prepareTiny({ maxUnits: 64 })).rejects.toThrow(
      /\/maxUnits is 64, which with special tokens and tags makes 67, but the encoder takes 32 tokens/,
    );
    await expect(prepareTiny({ heads: 3 })).rejects.toThrow(/\/heads is 3, which must divide the hidden size 16/);
    await expect(prepareTiny({ granularities: { fine: 'words', pku: 'pku' } })).rejects.toThrow(
      /\/pku is in no record, so 'pku' cannot be learned/,
    );
  });

  it('keeps the tensors of a step a function of its arguments', async () => {
    const task = await prepareTiny({ denoising: { mode: 'replace', rate: 0.5 }, unitDropout: 0.3 });
    const features = tinyExamples.map((example) => task.featurize(example));
    const collate = () => task.collate(features, { training: true, random: new Random(4).fork('collate', 7) });
    expect(collate()).toEqual(collate());
  });

  it('shows every text a second time without its tag where that is asked for, with the same labels', async () => {
    const task = await prepareTiny({ denoising: { mode: 'twice' }, bigrams: { dropout: 0 } });
    const { input_ids, labels, granularity_labels } = task.collate([task.featurize(tinyExamples[0])], {
      training: true,
      random: new Random(1),
    });
    const [rows, sequence] = input_ids!.dims as [number, number];
    const at = (tensor: TensorMap[string], row: number) =>
      [...(tensor!.data as BigInt64Array)].slice(row * sequence, (row + 1) * sequence);
    expect(rows).toBe(4);
    const [fine, hiddenFine, coarse, hiddenCoarse] = [0, 1, 2, 3].map((row) => at(input_ids!, row)) as bigint[][];
    expect(new Set([fine![1], coarse![1], hiddenFine![1]]).size).toBe(3);
    expect(hiddenFine![1]).toBe(hiddenCoarse![1]);
    expect(hiddenFine!.toSpliced(1, 1)).toEqual(fine!.toSpliced(1, 1));
    expect(at(labels!, 1)).toEqual(at(labels!, 0));
    expect([...granularity_labels!.data]).toEqual([0n, 0n, 1n, 1n]);
  });

  it('counts labelled units, not rows', async () => {
    const task = await prepareTiny();
    const features = task.featurize(segmentationTask.parse({ text: '好 人', words: ['好', '人'] }, {}));
    expect(task.lossWeight!([features])).toBe(2);
  });
});
