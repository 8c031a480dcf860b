import { runModel } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';
import { exportTiny, trainTiny } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { describe, expect, it } from 'vitest';
import { parseExample } from '../example.js';
import { fusionModes, gateModes, poolingModes } from '../options.js';
import { prepareTiny, tinyExamples } from '../tiny-intent.fixture.js';

const trainAndExport = (task: PreparedTask) => trainTiny(task, tinyExamples, { steps: 8, learningRate: 5e-3 });

const worst = (a: TensorMap, b: TensorMap, name: string) => {
  const [x, y] = [a[name]!.data as Float32Array, b[name]!.data as Float32Array];
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
};

const variants: [string, Record<string, unknown>][] = [
  ...fusionModes.map((mode): [string, Record<string, unknown>] => [`mode ${mode}`, { fusion: { mode } }]),
  ...poolingModes.map((pooling): [string, Record<string, unknown>] => [`pooling ${pooling}`, { fusion: { pooling } }]),
  ...gateModes.map((gate): [string, Record<string, unknown>] => [`gate ${gate}`, { fusion: { gate } }]),
  ['slot tagging beside it', { slotLoss: 0.5 }],
  ['slots predicted in the same pass', { slots: 'predict' }],
  ['class weights and label smoothing', { classWeightPower: 0.5, labelSmoothing: 0.1 }],
  ['every kind of noise', { noise: { drop: 0.5, falseMatch: 1, swapType: 0.5, maskMatched: 0.5, wordDropout: 0.2 } }],
  ['an empty lexicon', { lexicon: { fromTraining: false } }],
];

describe('every variant learns and is exported as it was trained', () => {
  it.each(variants)('%s', async (_, options) => {
    const task = await prepareTiny(options);
    const { losses, feeds, trained, exported } = await trainAndExport(task);
    expect(Math.min(...losses.slice(-2))).toBeLessThan(losses[0]! - 0.05);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    expect(Object.keys(exported)).toEqual(task.outputs);
    for (const name of task.outputs) expect(worst(trained, exported, name)).toBeLessThan(1e-5);
  });

  it('several labels at once', async () => {
    const task = await prepareTiny({ multiLabel: true });
    const { losses, exported } = await trainAndExport(task);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.02);
    expect(exported.logits!.dims).toEqual([tinyExamples.length, 3]);
  });
});

describe('the whole model', () => {
  it('answers by the text alone when nothing matches, however many places for labels there are', async () => {
    const task = await prepareTiny();
    const graph = exportTiny(task);
    const features = [task.featurize({ text: '我不想说出这个事', labels: [], slots: [] })];
    const feeds = task.collate(features, { training: false, random: new Random(1) });
    const [, sequence] = feeds.slot_ids!.dims as [number, number];
    const wider = BigInt64Array.from({ length: sequence * 8 }, (_, i) => (i % 8 === 3 ? 1n : 0n));
    const one = await runModel(graph, feeds);
    const eight = await runModel(graph, {
      ...feeds,
      slot_ids: { dtype: 'int64', dims: [1, sequence, 8], data: wider },
    });
    expect(worst(one, eight, 'logits')).toBeLessThanOrEqual(1e-6);
    expect((one.gate!.data as Float32Array).every((gate) => gate > 0 && gate < 1)).toBe(true);
  });
});

describe('slots', () => {
  const slotOutputs = async (options: Record<string, unknown>) => {
    const task = await prepareTiny(options);
    return [task.outputs, Object.keys(await runModel(exportTiny(task), feedsOf(task)))];
  };
  const feedsOf = (task: PreparedTask) =>
    task.collate([task.featurize(tinyExamples[0])], { training: false, random: new Random(1) });

  it('leave nothing in the exported graph unless they are predicted', async () => {
    for (const names of await slotOutputs({ slotLoss: 0.5 })) expect(names).toEqual(['logits', 'gate']);
    for (const names of await slotOutputs({ slots: 'predict' }))
      expect(names).toEqual(['logits', 'slot_logits', 'gate']);
  });

  it('can only be predicted where records have some', async () => {
    const without = tinyExamples.map((example) => ({ ...example, slots: [] }));
    await expect(prepareTiny({ slots: 'predict' }, without)).rejects.toThrow(
      /\/slots 'predict' needs training records with annotated slots, found none/,
    );
  });
});

describe('what training is told', () => {
  it('names options that encoder or tokenizer cannot follow', async () => {
    await expect(prepareTiny({ maxLength: 64 })).rejects.toThrow(
      /\/maxLength is 64, but the encoder's position table serves 32 tokens/,
    );
    await expect(prepareTiny({ fusion: { heads: 3 } })).rejects.toThrow(
      /\/fusion\/heads is 3, which must divide the hidden size 16/,
    );
    await expect(
      prepareTiny(
        {},
        tinyExamples.filter(({ labels }) => labels[0] === 'chat'),
      ),
    ).rejects.toThrow(/at least 2 different labels/);
  });

  it('keeps the tensors of a step a function of its arguments', async () => {
    const task = await prepareTiny({ noise: { falseMatch: 1, wordDropout: 0.3 } });
    const features = tinyExamples.map((example) => task.featurize(example));
    const collate = () => task.collate(features, { training: true, random: new Random(4).fork('collate', 7) });
    expect(collate()).toEqual(collate());
  });

  it('hides matches known from one text in training, and shows them in evaluation', async () => {
    const [solitary, ...others] = tinyExamples;
    const task = await prepareTiny({ noise: { drop: 0, falseMatch: 0, swapType: 0 } }, [
      { ...solitary!, text: '放晴天', slots: [{ type: 'song', start: 1, end: 3, value: '晴天' }] },
      ...others,
    ]);
    const features = [task.featurize({ text: '放晴天', labels: ['music'], slots: [] })];
    const labelled = (training: boolean) =>
      [...(task.collate(features, { training, random: new Random(1) }).slot_ids!.data as BigInt64Array)].some(
        (id) => id > 1n,
      );
    expect([labelled(true), labelled(false)]).toEqual([false, true]);
  });

  it('gives labels that training never saw no part in the loss', async () => {
    const task = await prepareTiny();
    const example = parseExample(
      { text: '你好', intent: 'new' },
      { textField: 'text', labelField: 'intent', multiLabel: false },
    );
    const { labels } = task.collate([task.featurize(example)], {
      training: false,
      labels: true,
      random: new Random(1),
    });
    expect([...(labels!.data as BigInt64Array)]).toEqual([-100n]);
  });
});
