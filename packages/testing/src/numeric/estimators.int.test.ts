import {
  fakeQuant,
  gatherRows,
  grad,
  hardConcrete,
  hardConcreteOpen,
  lseMasked,
  perExampleMean,
  scatterRows,
  thresholdMaskSTE,
  topMaskSTE,
} from '@zooid/autodiff';
import { Graph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { evaluateBuild as evaluate } from './evaluate-build.js';
import { checkGradients, type GradientCheckOptions } from './gradcheck.js';
import { distinct, integers, normals } from './op-case.js';

async function expectGradients(options: GradientCheckOptions): Promise<void> {
  for (const { input, worst } of await checkGradients(options)) expect(worst, input).toBeLessThan(1e-3);
}

/** The gradient of Σ w·f(x), where w are the random weights of the check: `w` itself for a straight-through estimator. */
async function analytic(options: GradientCheckOptions): Promise<number[]> {
  return toNumbers((await checkGradients(options))[0]!.analytic);
}

const expectClose = (actual: readonly number[], expected: readonly number[], digits = 5) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits);
};

describe('topMaskSTE', () => {
  const scores = tensor('float32', [0.3, -1, 0.9, 0.3, 0.1, 0.3], [2, 3]);

  it('keeps exactly as many as asked for, the first of equal ones', async () => {
    expect(await evaluate({ inputs: { scores }, build: (v) => topMaskSTE(v.scores!, 2) })).toEqual([1, 0, 1, 0, 0, 0]);
    expect(await evaluate({ inputs: { scores }, build: (v) => topMaskSTE(v.scores!, 3) })).toEqual([1, 0, 1, 1, 0, 0]);
  });

  it('takes the number at run time, over a symbolic shape', async () => {
    const options: GradientCheckOptions = {
      inputs: { scores },
      constants: { keep: integers([5], []) },
      shapes: { scores: ['rows', 3] },
      build: (v) => topMaskSTE(v.scores!, v.keep!),
    };
    expect(await evaluate(options)).toEqual([1, 0, 1, 1, 1, 1]);
  });

  it('breaks ties by position among thousands of equal entries', async () => {
    const many = tensor('float32', new Float32Array(5000).fill(1), [50, 100]);
    const mask = await evaluate({ inputs: { scores: many }, build: (v) => topMaskSTE(v.scores!, 1234) });
    expect(mask.lastIndexOf(1)).toBe(1233);
    expect(mask.filter((x) => x === 1)).toHaveLength(1234);
  });

  it('reproduces the worked example of sparse tuning: output and gradient of the scores', async () => {
    // M ⊙ W with S, W, x and the cotangent [1, −1] of a published-by-hand example: y = [.6, 2.4], dS = G ⊙ W.
    const s = tensor('float32', [0.85, 0.2, 0.25, 0.2, 1, 0.35], [2, 3]);
    const w = tensor('float32', [0.6, -0.2, 0, 0.25, 0.9, -0.6], [2, 3]);
    const x = tensor('float32', [1, 2, -1], [3, 1]);
    const build: GradientCheckOptions['build'] = (v) => topMaskSTE(v.s!, 3).mul(v.w!).matmul(v.x!).squeeze([1]);
    expectClose(await evaluate({ inputs: { s }, constants: { w, x }, build }), [0.6, 2.4]);
    const gradients = await straightThroughOf(s, { w, x }, build, [1, -1]);
    expectClose(gradients, [0.6, -0.4, 0, -0.25, -1.8, -0.6]);
  });
});

/** dS for a given cotangent of the output. */
async function straightThroughOf(
  s: GradientCheckOptions['inputs'][string],
  constants: GradientCheckOptions['inputs'],
  build: GradientCheckOptions['build'],
  cotangent: readonly number[],
): Promise<number[]> {
  const graph = new Graph();
  const feeds = { s, ...constants };
  const values = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, dims }]) => [name, graph.input(name, dtype, dims)]),
  );
  const loss = (build(values, graph) as Value).mul(graph.constant(cotangent)).sum([0], false);
  graph.output(grad(graph, loss, [values.s!])[0]!.dense!, 'ds');
  return toNumbers((await runModel(writeModel(graph), feeds)).ds!);
}

describe('thresholdMaskSTE', () => {
  it('marks what exceeds the threshold, with the identity as gradient', async () => {
    const s = tensor('float32', [-0.4, 0.2, 0.5, 0.9]);
    const build: GradientCheckOptions['build'] = (v) => thresholdMaskSTE(v.s!, 0.5);
    expect(await evaluate({ inputs: { s }, build })).toEqual([0, 0, 0, 1]);
    expectClose(await straightThroughOf(s, {}, build, [3, -1, 2, 0.5]), [3, -1, 2, 0.5]);
  });
});

describe('hardConcrete', () => {
  // Louizos et al.'s gate with l = −0.1, r = 1.1, b = 2/3, computed in double precision.
  const logAlpha = tensor('float32', [-5, -2, 0, 2.197, 5]);

  it('gives the gates and probabilities of the formula at inference', async () => {
    expectClose(
      await evaluate({ inputs: { logAlpha }, build: (v) => hardConcrete(v.logAlpha!) }),
      [0, 0.0430435, 0.5, 0.979976, 1],
    );
    expectClose(await evaluate({ inputs: { logAlpha }, build: (v) => hardConcreteOpen(v.logAlpha!) }), [
      0.03225,
      0.400975,
      11 ** (2 / 3) / (1 + 11 ** (2 / 3)),
      0.978024,
      0.99864,
    ]);
  });

  it('has the gradient of the sigmoid inside and none where it is clamped', async () => {
    const options: GradientCheckOptions = {
      inputs: { a: tensor('float32', [-1, 0.4, 1.2, -3, 4]) },
      constants: { u: tensor('float32', [0.6, 0.6, 0.2, 0.1, 0.9]) },
      build: (v) => hardConcrete(v.a!, v.u!),
    };
    await expectGradients(options);
    const gradient = await analytic(options);
    expect(gradient.slice(3)).toEqual([0, 0]);
    expect(gradient.slice(0, 3).every((x) => x !== 0)).toBe(true);
    await expectGradients({ inputs: { a: normals([4], 91) }, build: (v) => hardConcreteOpen(v.a!) });
  });

  it('refuses a gate that never closes', () => {
    const graph = new Graph();
    expect(() => hardConcrete(graph.input('a', 'float32', [1]), undefined, { left: 0 })).toThrow('left below 0');
  });
});

describe('lseMasked', () => {
  const x = normals([3, 4], 92);
  const mask = tensor('float32', [1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1], [3, 4]);
  const options: GradientCheckOptions = {
    inputs: { x },
    constants: { mask },
    shapes: { x: ['batch', 4], mask: ['batch', 4] },
    build: (v) => lseMasked(v.x!, v.mask!),
  };

  it('sums what the mask keeps, with softmax as gradient', async () => {
    const lse = (...at: number[]) => Math.log(at.reduce((sum, i) => sum + Math.exp(x.data[i]!), 0));
    expectClose(await evaluate(options), [lse(0, 1, 3), lse(7), lse(8, 9, 10, 11)]);
    await expectGradients(options);
    const gradient = await analytic(options);
    expect([2, 4, 5, 6].map((i) => gradient[i])).toEqual([0, 0, 0, 0]);
  });

  it('is finite with gradient 0 where nothing is kept, and exact for large values', async () => {
    const empty: GradientCheckOptions = {
      ...options,
      constants: { mask: tensor('float32', new Float32Array(12), [3, 4]) },
    };
    for (const value of await evaluate(empty)) expect(value).toBeLessThan(-9e8);
    expect((await analytic(empty)).every((value) => value === 0)).toBe(true);
    const large = {
      inputs: { x: tensor('float32', [300, 900, 300]) },
      constants: { mask: tensor('float32', [1, 0, 1]) },
    };
    expectClose(await evaluate({ ...large, build: options.build }), [300 + Math.LN2], 3);
  });

  it('takes a mask that broadcasts, along another axis', async () => {
    await expectGradients({
      inputs: { x },
      constants: { mask: tensor('float32', [1, 0, 1], [3, 1]) },
      build: (v) => lseMasked(v.x!, v.mask!, 0, true),
    });
  });
});

it('perExampleMean averages every axis but the first', async () => {
  const options: GradientCheckOptions = {
    inputs: { x: normals([2, 3, 2], 93) },
    shapes: { x: ['batch', 'sequence', 2] },
    build: (v) => perExampleMean(v.x!),
  };
  const { data } = normals([2, 3, 2], 93);
  expectClose(
    await evaluate(options),
    [0, 6].map((at) => data.slice(at, at + 6).reduce((a, b) => a + b, 0) / 6),
  );
  await expectGradients(options);
});

describe('gatherRows and scatterRows', () => {
  it('read rows, repeated ones too, and put rows in the place of others', async () => {
    const x = normals([4, 2], 94);
    const rows = normals([2, 2], 95);
    await expectGradients({
      inputs: { x },
      constants: { i: integers([3, 0, 3]) },
      build: (v) => gatherRows(v.x!, v.i!),
    });
    const options: GradientCheckOptions = {
      inputs: { x, rows },
      constants: { i: integers([2, 0]) },
      shapes: { x: ['tokens', 2], rows: ['prompts', 2], i: ['prompts'] },
      build: (v) => scatterRows(v.x!, v.i!, v.rows!),
    };
    const [a, b] = [Array.from(x.data), Array.from(rows.data)];
    expectClose(await evaluate(options), [...b.slice(2), ...a.slice(2, 4), ...b.slice(0, 2), ...a.slice(6)]);
    await expectGradients(options);
  });
});

describe('fakeQuant', () => {
  // Range [−1, 2]: int8 S = 3/255, Z = −43; the numbers are those of the affine formula in double precision.
  const int8 = { scale: tensor('float32', [3 / 255], []), zero: tensor('float32', [-43], []) };

  it('gives what quantizing and back would, and clamps', async () => {
    const build: GradientCheckOptions['build'] = (v) => fakeQuant(v.x!, v.scale!, v.zero!);
    const values = await evaluate({
      inputs: { x: tensor('float32', [-1, -0.5, 0, 0.3, 2, 2.5, -1.5]) },
      constants: int8,
      build,
    });
    expectClose(values, [-1, -0.494118, 0, 0.305882, 2, 2, -1]);
  });

  it('passes the gradient inside the range and stops it outside', async () => {
    const x = tensor('float32', [-1.5, -0.5, 0.3, 2.5]);
    const graph = new Graph();
    const values = { x: graph.input('x', 'float32', [4]) };
    const [scale, zero] = [graph.scalar(3 / 255), graph.scalar(-43)];
    const loss = fakeQuant(values.x, scale, zero)
      .mul(graph.constant([1, 2, 3, 4]))
      .sum([0], false);
    graph.output(grad(graph, loss, [values.x])[0]!.dense!, 'dx');
    expect(toNumbers((await runModel(writeModel(graph), { x })).dx!)).toEqual([0, 2, 3, 0]);
  });

  it('takes one scale per output, symmetric', async () => {
    const values = await evaluate({
      inputs: { w: distinct([2, 3]) },
      constants: { scale: tensor('float32', [0.1, 0.25], [2, 1]), zero: tensor('float32', [0], []) },
      build: (v) => fakeQuant(v.w!, v.scale!, v.zero!, { min: -127, max: 127 }),
    });
    const w = distinct([2, 3]).data;
    expectClose(
      values,
      Array.from(w, (x, i) => {
        const s = i < 3 ? 0.1 : 0.25;
        return s * Math.round(x / s);
      }),
    );
  });
});
