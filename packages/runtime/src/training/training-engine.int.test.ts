import { describe, expect, it } from 'vitest';
import { expectClose, numbers, openEngine, openRegression, parameter, request } from '../__fixtures__/engines.js';
import {
  embeddingParameters,
  embeddingProgram,
  floats,
  ids,
  regressionBatch,
  regressionParameters,
  regressionProgram,
  width,
} from '../__fixtures__/toy-programs.js';
import type { StepRequest } from '../training-program.js';

describe('a training step', () => {
  it('converges on a linear problem', async () => {
    const engine = await openRegression();
    const losses: number[] = [];
    for (let step = 1; step <= 300; step++) losses.push((await engine.step(request(step))).loss);
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(1e-3);
  });

  it('reports the loss and the norm of the gradients it used', async () => {
    const engine = await openRegression();
    const { loss, gradients } = await engine.gradients('regression', regressionBatch(16), 1);
    const norm = Math.sqrt([...gradients.values()].flatMap(({ data }) => [...data]).reduce((sum, g) => sum + g * g, 0));
    const result = await engine.step(request(1));
    expect(result).toMatchObject({ loss, updated: true });
    expect(result.gradientNorm).toBeCloseTo(norm, 6);
  });

  it('computes gradients that agree with central differences', async () => {
    const engine = await openRegression();
    const feeds = regressionBatch(6);
    const { gradients } = await engine.gradients('regression', feeds, 1);
    const lossWith = async (name: string, index: number, delta: number): Promise<number> => {
      const original = Float32Array.from(parameter(engine, name));
      engine.loadParameter(
        name,
        original.map((x, i) => (i === index ? x + delta : x)),
      );
      const { loss } = await engine.evaluate('regression', feeds, ['loss']);
      engine.loadParameter(name, original);
      return Number(loss!.data[0]);
    };
    for (const [name, { data }] of gradients) {
      for (let i = 0; i < data.length; i += 2) {
        const numeric = ((await lossWith(name, i, 0.01)) - (await lossWith(name, i, -0.01))) / 0.02;
        expect(Math.abs(numeric - data[i]!)).toBeLessThan(1e-3);
      }
    }
  });

  it('leaves frozen parameters alone and out of the gradients', async () => {
    const engine = await openRegression();
    const before = parameter(engine, 'gain');
    const { gradients } = await engine.gradients('regression', regressionBatch(16), 1);
    expect([...gradients.keys()]).toEqual(['weight', 'bias']);
    for (let step = 1; step <= 5; step++) await engine.step(request(step));
    expect(parameter(engine, 'gain')).toEqual(before);
    expect([...engine.exportState(true).moments.keys()]).toEqual(['weight', 'bias']);
  });

  it('skips a group that has no learning rate, with its moments and its count', async () => {
    const engine = await openRegression();
    await engine.step(request(1, { learningRates: { head: 0.1 } }));
    const { parameters, moments } = engine.exportState(true);
    expect([...parameters.get('weight')!.data]).toEqual([...regressionParameters()[0]!.data]);
    expect(moments.get('weight')).toMatchObject({ updates: 0 });
    expect(moments.get('weight')!.m.every((m) => m === 0)).toBe(true);
    expect(moments.get('bias')).toMatchObject({ updates: 1 });
    // The first AdamW update moves every element by the learning rate.
    for (const b of parameters.get('bias')!.data) expect(Math.abs(b)).toBeCloseTo(0.1, 5);
  });

  it('clips by the global norm before the moments', async () => {
    const engine = await openRegression();
    const { gradients } = await engine.gradients('regression', regressionBatch(16), 1);
    const { gradientNorm } = await engine.step(request(1, { clipNorm: 0.01 }));
    expect(gradientNorm).toBeGreaterThan(0.01);
    const { m } = engine.exportState(true).moments.get('bias')!;
    expectClose(
      [...m],
      [...gradients.get('bias')!.data].map((g) => (0.1 * g * 0.01) / gradientNorm),
      1e-6,
    );
  });

  it('decays weights and spares biases', async () => {
    const decaying = await openRegression({ optimizer: { kind: 'adamw', weightDecay: 0.5 } });
    const plain = await openRegression();
    await decaying.step(request(1));
    await plain.step(request(1));
    const start = [...regressionParameters()[0]!.data];
    expect(parameter(decaying, 'bias')).toEqual(parameter(plain, 'bias'));
    expectClose(
      parameter(decaying, 'weight'),
      parameter(plain, 'weight').map((w, i) => w - 0.03 * 0.5 * start[i]!),
      1e-6,
    );
  });

  it.each([
    ['the loss', { x: floats([1, 5], [1, 1, 1, 1, 1]), target: floats([1, 3], [Number.NaN, 0, 0]) }],
    ['a gradient', { x: floats([1, 5], [1e30, 1, 1, 1, 1]), target: floats([1, 3], [0, 0, 0]) }],
  ])('is skipped when %s is not finite', async (_what, feeds) => {
    const engine = await openRegression();
    await engine.step(request(1));
    const before = numbers(engine.exportState(true));
    const result = await engine.step(request(2, { microBatches: [{ program: 'regression', feeds, weight: 1 }] }));
    expect(result.updated).toBe(false);
    expect(Number.isFinite(result.loss) && Number.isFinite(result.gradientNorm)).toBe(false);
    expect(numbers(engine.exportState(true))).toEqual(before);
    expect(engine.exportState(false).updates).toBe(1);
  });

  it('returns the outputs asked for, per micro-batch, with the same update', async () => {
    const [fetching, plain] = [await openRegression(), await openRegression()];
    const { outputs } = await fetching.step(request(1, { fetch: ['prediction'] }));
    await plain.step(request(1));
    expect(outputs.map(({ prediction }) => prediction!.dims)).toEqual([[16, 3]]);
    expect(numbers(fetching.exportState(true))).toEqual(numbers(plain.exportState(true)));
  });

  it('feeds scalars and wants a value for each', async () => {
    const engine = await openEngine(regressionParameters(), [regressionProgram('scaled', undefined, ['temperature'])]);
    const microBatches = [{ program: 'scaled', feeds: regressionBatch(4), weight: 1 }];
    const half = await engine.step(request(1, { microBatches, learningRates: {}, scalars: { temperature: 0.5 } }));
    const full = await engine.step(request(1, { microBatches, learningRates: {}, scalars: { temperature: 1 } }));
    expect(half.loss).toBeCloseTo(full.loss / 2, 6);
    await expect(engine.step(request(1, { microBatches }))).rejects.toThrow(/scalar 'temperature' was given no value/);
    const feeds = { ...regressionBatch(4), temperature: floats([], [0.5]) };
    expect(Number((await engine.evaluate('scaled', feeds, ['loss'])).loss!.data[0])).toBeCloseTo(half.loss, 6);
  });
});

describe('micro-batches', () => {
  const whole = regressionBatch(12);
  const part = (from: number, to: number) => ({
    x: floats([to - from, 5], whole.x.data.subarray(from * 5, to * 5)),
    target: floats([to - from, 3], whole.target.data.subarray(from * 3, to * 3)),
  });
  const parts = [
    { program: 'regression', feeds: part(0, 2), weight: 2 },
    { program: 'regression', feeds: part(2, 7), weight: 5 },
    { program: 'regression', feeds: part(7, 12), weight: 5 },
  ];

  it('weighted by their size add up to the whole batch', async () => {
    const [split, joined] = [await openRegression(), await openRegression()];
    for (let step = 1; step <= 3; step++) {
      const a = await split.step(request(step, { microBatches: parts }));
      const b = await joined.step(
        request(step, { microBatches: [{ program: 'regression', feeds: whole, weight: 1 }] }),
      );
      expect(a.loss).toBeCloseTo(b.loss, 5);
      expect(Math.abs(a.gradientNorm / b.gradientNorm - 1)).toBeLessThan(1e-5);
    }
    expectClose(parameter(split, 'weight'), parameter(joined, 'weight'), 1e-5);
  });

  it('may come from different programs, and count parameters that only some of them train', async () => {
    const table = embeddingParameters();
    const engine = await openEngine(
      [...regressionParameters(), ...table],
      [regressionProgram(), embeddingProgram('embed')],
    );
    const microBatches = [
      { program: 'regression', feeds: whole, weight: 1 },
      { program: 'embed', feeds: { ids: ids([1, 2], [3, 3]) }, weight: 3 },
    ];
    await engine.step(request(1, { microBatches, learningRates: { main: 0.1, head: 0.1 } }));
    const { moments } = engine.exportState(true);
    const { gradients } = await (await openRegression()).gradients('regression', whole, 1);
    expectClose(
      [...moments.get('bias')!.m],
      [...gradients.get('bias')!.data].map((g) => 0.1 * 0.25 * g),
      1e-6,
    );
    const row = [...table[0]!.data.subarray(3 * width, 4 * width)];
    expectClose(
      [...moments.get('table')!.m.subarray(3 * width, 4 * width)],
      row.map((x) => 0.1 * 0.75 * 2 * 0.5 * x),
      1e-6,
    );
  });

  it.each([[[]], [[0, 0]], [[1, -1]], [[Number.NaN]]])('refuse the weights %j', async (weights) => {
    const engine = await openRegression();
    const microBatches = weights.map((weight) => ({ program: 'regression', feeds: whole, weight }));
    await expect(engine.step(request(1, { microBatches }))).rejects.toThrow(/weights/);
  });
});

describe('bad requests', () => {
  it.each<[string, Partial<StepRequest>, RegExp]>([
    [
      'an unknown program',
      { microBatches: [{ program: 'nope', feeds: {}, weight: 1 }] },
      /Unknown program 'nope'; registered are 'regression', 'dropped'/,
    ],
    ['an unknown group', { learningRates: { nope: 1 } }, /group 'nope'/],
    ['a rate that is not a number', { learningRates: { main: Number.NaN } }, /finite learning rate/],
    ['an unknown output', { fetch: ['nope'] }, /no output 'nope'/],
  ])('name %s', async (_what, changes, message) => {
    await expect((await openRegression()).step(request(1, changes))).rejects.toThrow(message);
  });

  it.each<[string, Record<string, ReturnType<typeof floats> | ReturnType<typeof ids>>, RegExp]>([
    ['missing', { x: floats([1, 5], new Array(5)) }, /input 'target' is missing/],
    ['unknown', { ...regressionBatch(1), y: floats([1], [1]) }, /unknown input 'y'.*'x', 'target'/],
    ['of another type', { ...regressionBatch(1), x: ids([1, 5], [1, 2, 3, 4, 5]) }, /'x' to be float32, got int64/],
    ['of another rank', { ...regressionBatch(1), x: floats([5], new Array(5)) }, /shape \[batch,5\], got \[5\]/],
    ['of another size', { ...regressionBatch(2), target: floats([3, 3], new Array(9)) }, /\[batch=2,3\], got \[3,3\]/],
    ['too short for its shape', { ...regressionBatch(1), x: floats([1, 5], [1]) }, /'x' to have shape/],
  ])('name an input that is %s', async (_what, feeds, message) => {
    const microBatches = [{ program: 'regression', feeds, weight: 1 }];
    await expect((await openRegression()).step(request(1, { microBatches }))).rejects.toThrow(message);
  });

  it('refuse programs that do not fit', async () => {
    const engine = await openRegression();
    const program = regressionProgram('new');
    await expect(engine.addProgram(regressionProgram())).rejects.toThrow(/exists already/);
    await expect(engine.addProgram({ ...program, parameters: [...program.parameters, 'w'] })).rejects.toThrow(
      /'w' is not declared/,
    );
    await expect(engine.addProgram({ ...program, scalars: ['t'] })).rejects.toThrow(/lacks the inputs t/);
    await expect(engine.addProgram({ ...program, inputs: program.inputs.slice(1) })).rejects.toThrow(
      /does not declare: x/,
    );
    await expect(engine.addProgram({ ...program, outputs: ['z'] })).rejects.toThrow(/lacks the outputs z/);
    await expect(
      engine.addProgram({ ...program, gradients: [...program.gradients, program.gradients[0]!] }),
    ).rejects.toThrow(/two gradient sources/);
    await expect(engine.addProgram({ ...program, model: Uint8Array.of(1, 2) })).rejects.toMatchObject({
      program: 'new',
      code: 'SESSION_FAILED',
    });
    await expect(engine.gradients('absent', {}, 1)).rejects.toThrow(/Unknown program/);
  });

  it('refuse to train with a program that has no loss', async () => {
    const { loss: _, ...rest } = regressionProgram('blind');
    const engine = await openEngine(regressionParameters(), [{ ...rest, gradients: [] }]);
    await expect(engine.gradients('blind', regressionBatch(1), 1)).rejects.toThrow(/computes no loss/);
  });
});
