import { runModel } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';
import { exportTiny, trainTiny } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { describe, expect, it } from 'vitest';
import type { WordsByGranularity } from '../metrics.js';
import { tinyExamples } from '../tiny-segmentation.fixture.js';
import { prepareTinyFast } from './tiny-fast.fixture.js';

const trainAndExport = (task: PreparedTask, steps: number) =>
  trainTiny(task, tinyExamples, { steps, learningRate: 2e-2 });

const numbers = (tensors: TensorMap): Float32Array => tensors.logits!.data as Float32Array;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe('the fast network', () => {
  it.each([
    ['as it is', {}],
    ['with one granularity', { granularities: { coarse: 'coarse' } }],
    ['with other kernels', { fast: { kernels: [5, 1] } }],
    ['with everything dropped now and then', { fast: { dropout: 0.2, pairDropout: 0.3, characterDropout: 0.2 } }],
    ['without pairs', { fast: { maxPairs: 0 } }],
  ])('%s learns, and is exported as it was trained', async (_, options) => {
    const task = await prepareTinyFast(options);
    const { losses, feeds, trained, exported } = await trainAndExport(task, 12);
    expect(Math.min(...losses.slice(-3))).toBeLessThan(losses[0]! - 0.2);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    expect(worst(numbers(trained), numbers(exported))).toBeLessThan(1e-5);
  });

  it('learns the words of both granularities in one pass', async () => {
    const task = await prepareTinyFast();
    const { exported, features } = await trainAndExport(task, 40);
    const answers = task.decode(exported, features) as WordsByGranularity[];
    expect(answers[0]!.get('fine')).toEqual(['这', '是', '一家', '移动', '互联网', '公司']);
    expect(answers[0]!.get('coarse')).toEqual(['这', '是', '一家', '移动互联网', '公司']);
    const metrics = task.metrics(answers, tinyExamples);
    expect(metrics).toMatchObject({ f1: 1, fineF1: 1, coarseF1: 1 });
    expect(metrics).not.toHaveProperty('fineOovRecall');
  });

  it('answers a text the same alone, beside others, and behind its padding in one row with them', async () => {
    const task = await prepareTinyFast();
    const model = exportTiny(task);
    const features = tinyExamples.map((example) => task.featurize(example));
    const feed = (some: typeof features) => task.collate(some, { training: false, random: new Random(1) });
    const alone = await Promise.all(features.map(async (one) => numbers(await runModel(model, feed([one])))));
    const width = alone[0]!.length / features[0]!.length;

    const together = numbers(await runModel(model, feed(features)));
    const longest = Math.max(...features.map(({ length }) => length));
    for (const [row, scores] of alone.entries()) {
      expect(worst(scores, together.subarray(row * longest * width))).toBeLessThan(1e-5);
    }

    const reach = 2;
    const [first, second] = [feed([features[0]!]), feed([features[1]!])];
    const packed = Object.fromEntries(
      task.inputs.map((name) => {
        const [a, b] = [first[name]!.data as BigInt64Array, second[name]!.data as BigInt64Array];
        const data = new BigInt64Array(a.length + reach + b.length);
        data.set(a);
        data.set(b, a.length + reach);
        return [name, { dtype: 'int64', dims: [1, data.length], data } as const];
      }),
    );
    const scores = numbers(await runModel(model, packed));
    expect(worst(alone[0]!, scores)).toBeLessThan(1e-5);
    expect(worst(alone[1]!, scores.subarray((features[0]!.length + reach) * width))).toBeLessThan(1e-5);
  });

  it('takes records that lack a granularity, and learns nothing of it from them', async () => {
    const records = [
      { text: '好人', words: ['好', '人'] },
      { text: '好人', coarse: ['好人'] },
    ];
    const task = await prepareTinyFast({}, records);
    const features = tinyExamples.slice(0, 1).map((example) => task.featurize({ ...example, words: new Map() }));
    expect(task.lossWeight!(features)).toBe(0);
    const { labels } = task.collate(features, { training: true, random: new Random(1) });
    expect((labels!.data as BigInt64Array).every((label) => label === -100n)).toBe(true);
  });
});
