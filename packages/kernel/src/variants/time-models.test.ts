import type { Model, ModelArtifacts } from '@zooid/spec';
import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { benchInputs } from './bench-inputs.js';
import { quantile, timeModels } from './time-models.js';

const artifacts: ModelArtifacts = { id: 'm', revision: 'r', folder: '/m', config: { vocab_size: 5 } };

function model(inputs: Model['inputs'], onRun: () => void = () => {}): Model {
  return {
    artifacts,
    ...(inputs !== undefined && { inputs }),
    async forward() {
      onRun();
      return {};
    },
    async [Symbol.asyncDispose]() {},
  };
}

const words = { name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'] } as const;

describe('benchInputs', () => {
  it('fills what a model takes: words of its vocabulary, no padding, zeros, sizes by axis and by name', () => {
    const inputs = benchInputs(
      model([
        words,
        { name: 'attention_mask', dtype: 'int64', shape: ['batch', 'sequence'] },
        { name: 'pairs', dtype: 'float32', shape: ['batch', 'sequence', 'sequence', 2, 'kinds'] },
      ]),
      2,
      4,
    );
    expect(inputs.input_ids!.dims).toEqual([2, 4]);
    const ids = Array.from(inputs.input_ids!.data as BigInt64Array, Number);
    expect(ids.every((id) => id >= 0 && id < 5)).toBe(true);
    expect(new Set(ids).size).toBeGreaterThan(1);
    expect(inputs.attention_mask).toEqual(tensor('int64', new Array(8).fill(1), [2, 4]));
    expect(inputs.pairs!.dims).toEqual([2, 4, 4, 2, 3]);
  });

  it('needs to know what the model takes', () => {
    expect(() => benchInputs(model(undefined), 1, 1)).toThrow(
      /model 'm': its backend does not tell what inputs it takes/,
    );
  });
});

describe('timeModels', () => {
  it('takes turns, after warming up', async () => {
    const order: string[] = [];
    const models = ['a', 'b'].map((name) => model([words], () => order.push(name)));
    const [a, b] = await timeModels(models, { batch: 2, length: 3, seconds: 0 });
    expect(order.join('')).toBe('ab'.repeat(2 + a!.rounds));
    expect(b!.rounds).toBe(a!.rounds);
    expect(a).toMatchObject({ batch: 2, length: 3, rounds: 7 });
  });
});

describe('quantile', () => {
  it('lies between the nearest ranks', () => {
    const values = [4, 1, 3, 2];
    expect([0, 0.5, 0.75, 1].map((share) => quantile(values, share))).toEqual([1, 2.5, 3.25, 4]);
    expect(values).toEqual([4, 1, 3, 2]);
  });
});
