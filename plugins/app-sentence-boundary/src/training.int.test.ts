import { Random, toFloat32 } from '@zooid/tensor';
import { trainTiny } from '@zooid/testing';
import { describe, expect, it } from 'vitest';
import { prepareTiny, tinyEncoder, tinyExamples } from './tiny-sentences.fixture.js';

const still = { join: 1, swap: 0, drop: 0, breakOff: 0 };
const distil = { model_type: 'distilbert', vocab_size: 200, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 32 };

describe('every variant learns and is exported as it was trained', () => {
  it.each([
    ['both modes', {}, tinyEncoder],
    ['sentences alone, classes weighted', { modes: ['cut'], classWeightPower: 0.5 }, tinyEncoder],
    [
      'marks alone, without segments',
      { modes: ['punct'], marks: ['，', '。', '？', '！', '、', '：'], fold: {} },
      distil,
    ],
  ] as const)('%s', async (_, options, encoder) => {
    const task = await prepareTiny({ headDropout: 0, noise: still, ...options }, undefined, encoder);
    const { losses, feeds, trained, exported, answers, names } = await trainTiny(task, tinyExamples, {
      steps: 80,
      learningRate: 1e-2,
    });
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    for (const name of task.outputs) {
      const [a, b] = [toFloat32(trained[name]!), toFloat32(exported[name]!)];
      expect(
        a.every((value, i) => Math.abs(value - b[i]!) < 1e-5),
        name,
      ).toBe(true);
    }
    expect(names.filter((name) => task.groups[0]!.match(name)).map((name) => name.split('.')[0])).toEqual(
      task.outputs.flatMap((name) => [name.split('_')[0], name.split('_')[0]]),
    );
    // What was seen as it stands is learnt by heart; the others are seen in pieces.
    const whole = [...tinyExamples.keys()].filter((i) => tinyExamples[i]!.pieces.length === 1);
    const pick = <T>(all: readonly T[]) => whole.map((i) => all[i]!);
    expect(task.metrics(pick(answers), pick(tinyExamples))).toMatchObject({ f1: 1 });
    const { 'sentence-boundary': section } = task.calibrate!(answers, tinyExamples) as never;
    expect(section).toMatchObject({ thresholds: { cut: expect.any(Number), punct: expect.any(Number) } });
  });
});

describe('batches', () => {
  it('join, swap and break off anew with every random, and the same with the same', async () => {
    const task = await prepareTiny();
    const features = tinyExamples.map((example) => task.featurize(example));
    const batch = (seed: number) => task.collate(features, { training: true, random: new Random(seed) });
    expect(batch(1)).toEqual(batch(1));
    expect(batch(1)).not.toEqual(batch(2));
    expect(batch(1).cut_labels!.dims).toEqual(batch(1).input_ids!.dims);
  });

  it('hold the labels of the whole text for evaluation, and weigh by its places', async () => {
    const task = await prepareTiny();
    const features = [task.featurize(tinyExamples[0]!)];
    const feeds = task.collate(features, { training: false, labels: true, random: new Random(1) });
    const labels = (name: string) => Array.from(feeds[name]!.data as BigInt64Array, Number);
    expect(labels('cut_labels')).toEqual([-100, 0, 0, 0, 0, 0, 0, 1, 0, 1, -100]);
    expect(labels('punct_labels')).toEqual([-100, 0, 1, 0, 0, 0, 0, 2, 0, 4, -100]);
    expect(task.lossWeight!(features)).toBe(9);
  });

  it('read a long text in windows, each place once', async () => {
    const task = await prepareTiny({ maxUnits: 10 });
    const features = [task.featurize({ pieces: [{ text: '好'.repeat(57), hasLastMark: false, ends: new Set([57]) }] })];
    const feeds = task.collate(features, { training: false, labels: true, random: new Random(1) });
    const labels = Array.from(feeds.cut_labels!.data as BigInt64Array, Number);
    expect(labels.filter((label) => label !== -100)).toHaveLength(57);
    expect(labels.filter((label) => label === 1)).toHaveLength(1);
    expect(feeds.input_ids!.dims[1]).toBe(12);
  });
});

it.each([
  [{ maxUnits: 31 }, /\/maxUnits is 31, which with special tokens makes 33, but the encoder takes 32/],
  [{ marks: ['，', '；'], fold: {} }, /\/marks has ；, but no training text has such marks/],
  [{ marks: ['。'] }, /\/fold\/、 is ，, which is not in marks/],
  [{ modes: ['cutting'] }, /\/modes/],
  [{ marks: ['-'], fold: {} }, /\/marks/],
  [{ fold: { a: '，' } }, /\/fold must give each mark the one that it becomes/],
])('refuses %j', async (options, message) => {
  await expect(prepareTiny(options)).rejects.toThrow(message);
});
