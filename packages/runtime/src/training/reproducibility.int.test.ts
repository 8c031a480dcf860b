import { describe, expect, it } from 'vitest';
import { numbers, openRegression, request } from '../__fixtures__/engines.js';
import { floats, regressionBatch } from '../__fixtures__/toy-programs.js';
import type { TrainingEngine } from './training-engine.js';

describe('reproducibility', () => {
  const run = async (engine: TrainingEngine, from: number, to: number): Promise<void> => {
    for (let step = from; step <= to; step++) {
      const microBatches = [0, 1].map((i) => ({
        program: i ? 'regression' : 'dropped',
        feeds: regressionBatch(8 + step, step),
        weight: i + 1,
      }));
      await engine.step(request(step, { microBatches, clipNorm: 0.5 }));
    }
  };

  it('gives the same bits for the same requests', async () => {
    const [a, b] = [await openRegression(), await openRegression()];
    await run(a, 1, 8);
    await b.evaluate('dropped', regressionBatch(3), ['loss']);
    await run(b, 1, 8);
    expect(numbers(b.exportState(true))).toEqual(numbers(a.exportState(true)));
  });

  it('continues bit for bit from an exported state', async () => {
    const [whole, first, second] = [await openRegression(), await openRegression(), await openRegression()];
    await run(whole, 1, 9);
    await run(first, 1, 4);
    await run(second, 7, 7);
    second.importState(structuredClone(first.exportState(true)));
    await run(second, 5, 9);
    expect(numbers(second.exportState(true))).toEqual(numbers(whole.exportState(true)));
    expect(second.exportState(false).updates).toBe(9);
  });

  it('is the same with plain kernels and with plain fetches', async () => {
    const [fast, plain, copying] = [
      await openRegression(),
      await openRegression({ kernels: 'plain' }),
      await openRegression({ skipCopies: false }),
    ];
    for (const engine of [fast, plain, copying]) await run(engine, 1, 5);
    expect(numbers(plain.exportState(true))).toEqual(numbers(fast.exportState(true)));
    expect(numbers(copying.exportState(true))).toEqual(numbers(fast.exportState(true)));
  });

  it('draws dropout from the seed, the step and the place, and from nothing else', async () => {
    const feeds = regressionBatch(64);
    const loss = async (seed: number, step: number, repeat = 1): Promise<number> => {
      const engine = await openRegression({ seed });
      let result = Number.NaN;
      for (let i = 0; i < repeat; i++) result = (await engine.gradients('dropped', feeds, step)).loss;
      return result;
    };
    const reference = await loss(1, 1);
    expect(await loss(1, 1, 3)).toBe(reference);
    expect(await loss(1, 2)).not.toBe(reference);
    expect(await loss(2, 1)).not.toBe(reference);
    const engine = await openRegression({ seed: 1 });
    const microBatches = [0, 1].map(() => ({ program: 'dropped', feeds, weight: 1 }));
    const both = await engine.step(request(1, { microBatches, learningRates: {} }));
    expect(both.loss).not.toBeCloseTo(reference, 6);
  });

  it('keeps everything when it evaluates', async () => {
    const engine = await openRegression();
    const feeds = regressionBatch(16);
    expect(await engine.evaluate('dropped', feeds, ['prediction'])).toEqual(
      await engine.evaluate('regression', feeds, ['prediction']),
    );
  });
});

describe('importing a state', () => {
  it('starts the moments afresh where the state has none', async () => {
    const engine = await openRegression();
    await engine.step(request(1));
    const withoutMoments = engine.exportState(false);
    expect(withoutMoments.moments.size).toBe(0);
    engine.importState(withoutMoments);
    const { moments } = engine.exportState(true);
    expect(moments.get('weight')!.v.every((v) => v === 0)).toBe(true);
    expect(moments.get('weight')).toMatchObject({ updates: 0 });
  });

  it('takes the update count of the whole state where a parameter has none', async () => {
    const engine = await openRegression();
    await engine.step(request(1));
    const { moments, ...state } = engine.exportState(true);
    engine.importState({
      ...state,
      moments: new Map([...moments].map(([name, { m, v }]) => [name, { m, v }])),
      updates: 7,
    });
    expect(engine.exportState(true).moments.get('bias')).toMatchObject({ updates: 7 });
  });

  it('refuses a state that does not fit and changes nothing', async () => {
    const engine = await openRegression();
    const state = engine.exportState(true);
    const before = numbers(state);
    const without = new Map(state.parameters);
    without.delete('bias');
    expect(() => engine.importState({ ...state, parameters: without })).toThrow(/lacks parameter 'bias'/);
    const reshaped = new Map(state.parameters).set('weight', floats([3, 5], new Float32Array(15)));
    expect(() => engine.importState({ ...state, parameters: reshaped })).toThrow(/shape \[5,3\].*\[3,5\]/);
    const extra = new Map(state.parameters).set('other', floats([1], [0]));
    expect(() => engine.importState({ ...state, parameters: extra })).toThrow(/'other'/);
    expect(numbers(engine.exportState(true))).toEqual(before);
  });
});
