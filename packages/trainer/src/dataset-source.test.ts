import { Random, type TensorMap } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { type DatasetSourceOptions, datasetSource } from './dataset-source.js';
import type { ProgramSource, StepPlan } from './program-source.js';
import type { Features } from './training-task.js';

interface Row extends Features {
  readonly id: number;
}

const rows: Row[] = Array.from({ length: 23 }, (_, id) => ({ id, length: 1 + (id % 7) }));

function source(changes: Partial<DatasetSourceOptions> = {}): ProgramSource {
  return datasetSource({
    task: {
      collate: (features, { random }): TensorMap => ({
        ids: { dtype: 'float32', dims: [features.length], data: Float32Array.from(features, (row) => (row as Row).id) },
        noise: { dtype: 'float32', dims: [], data: Float32Array.of(random.uniform()) },
      }),
    },
    features: rows,
    program: 'train',
    batchSize: 4,
    accumulate: 2,
    length: { epochs: 3 },
    random: new Random(1),
    learningRates: (step, total) => ({ default: step / total }),
    ...changes,
  });
}

const idsOf = (plan: StepPlan) => plan.microBatches.flatMap(({ feeds }) => Array.from(feeds.ids!.data, Number));
const planAll = async (from: ProgramSource) => {
  const plans: StepPlan[] = [];
  for (let step = 1; step <= from.totalSteps; step++) plans.push(await from.plan(step));
  return plans;
};

describe('a data set as a source of steps', () => {
  it('passes over every example once per epoch, in another order each time', async () => {
    const plain = source();
    expect(plain.epochEnds).toEqual([3, 6, 9]); // 23 rows make 6 batches, two a step
    const plans = await planAll(plain);
    const epochs = [0, 1, 2].map((epoch) => plans.filter((plan) => plan.epoch === epoch).flatMap(idsOf));
    for (const ids of epochs) expect([...ids].sort((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('plans any step without those before it, noise included', async () => {
    const inOrder = await planAll(source());
    const another = source();
    for (const step of [8, 2, 9, 1, 5]) expect(await another.plan(step)).toEqual(inOrder[step - 1]);
  });

  it('depends on the seed', async () => {
    expect(await source({ random: new Random(2) }).plan(1)).not.toEqual(await source().plan(1));
  });

  it('cuts the last epoch short when a number of steps is given', async () => {
    const steps = source({ length: { steps: 5 } });
    expect(steps.totalSteps).toBe(5);
    expect(steps.epochEnds).toEqual([3, 5]);
    expect((await steps.plan(5)).learningRates).toEqual({ default: 1 });
  });

  it('weighs batches by rows, or by what the task counts', async () => {
    const weights = async (from: ProgramSource) => (await from.plan(1)).microBatches.map(({ weight }) => weight);
    const byRows = await weights(source());
    expect(byRows.every((weight) => weight === 4 || weight === 3)).toBe(true);
    const { collate } = { collate: (): TensorMap => ({}) };
    const lossWeight = (features: readonly Features[]) => features.reduce((sum, { length }) => sum + length, 0);
    const plan = await source({ task: { collate, lossWeight } }).plan(1);
    expect(plan.microBatches.map(({ weight }) => weight)).toEqual(plan.microBatches.map(({ tokens }) => tokens));
  });

  it('lets a method add inputs, choose programs per batch and schedule scalars', async () => {
    const plan = await source({
      extend: ({ indices }) => ({
        teacher: { dtype: 'float32', dims: [indices.length], data: Float32Array.from(indices) },
      }),
      program: ({ features, feeds }, step) =>
        `len-${Math.max(...features.map(({ length }) => length))}-${step}-${'teacher' in feeds}`,
      scalars: (step, total) => ({ temperature: 1 + step / total }),
    }).plan(2);
    expect(plan.scalars).toEqual({ temperature: 1 + 2 / 9 });
    for (const { feeds, program } of plan.microBatches) {
      expect(feeds.teacher!.data).toEqual(feeds.ids!.data);
      expect(program).toMatch(/^len-\d-2-true$/);
    }
  });

  it('refuses an empty data set', () => {
    expect(() => source({ features: [] })).toThrow(/at least one example/);
  });
});
