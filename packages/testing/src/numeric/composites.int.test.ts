import {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  geluTanh,
  l2normalize,
  layerNorm,
  logSumExp,
  maskedMean,
  meanSquaredError,
  plainGelu,
  softCrossEntropy,
  stopGradient,
} from '@zooid/autodiff';
import { Graph, type Value } from '@zooid/onnx';
import { tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { evaluateBuild as evaluate } from './evaluate-build.js';
import { checkGradients, type GradientCheckOptions } from './gradcheck.js';
import { integers, normals, positives } from './op-case.js';
import { alongAxis, erf, fromTensor } from './reference.js';

async function expectGradients(options: GradientCheckOptions, tolerance = 1e-3): Promise<void> {
  for (const { input, worst } of await checkGradients(options)) expect(worst, input).toBeLessThan(tolerance);
}

/** −log softmax per row, smoothed, in double precision. */
function crossEntropies(
  logits: ReturnType<typeof normals>,
  labels: readonly number[],
  smoothing = 0,
  weights?: readonly number[],
): number[] {
  const { dims, data } = alongAxis(fromTensor(logits), logits.dims.length - 1, (line) => {
    const total = Math.log(line.reduce((sum, x) => sum + Math.exp(x), 0));
    return line.map((x) => x - total);
  });
  const classes = dims.at(-1)!;
  const w = weights ?? Array.from({ length: classes }, () => 1);
  return labels.map((label, row) => {
    const line = data.slice(row * classes, (row + 1) * classes);
    const smooth = line.reduce((sum, x, c) => sum + w[c]! * x, 0) / classes;
    return -(1 - smoothing) * w[label]! * line[label]! - smoothing * smooth;
  });
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('crossEntropy', () => {
  const logits = normals([4, 3], 61);
  const labels = integers([2, 0, 1, 1]);
  const check = (options: CrossEntropyOptions = {}): GradientCheckOptions => ({
    inputs: { logits },
    constants: { labels },
    shapes: { logits: ['batch', 3], labels: ['batch'] },
    build: (v) => crossEntropy(v.logits!, v.labels!, options),
  });

  it('is the mean of −log softmax at the labels', async () => {
    const [loss] = await evaluate(check());
    expect(loss).toBeCloseTo(average(crossEntropies(logits, [2, 0, 1, 1])), 5);
    await expectGradients(check());
  });

  it('moves mass to the other classes when labels are smoothed', async () => {
    const options = check({ labelSmoothing: 0.1 });
    expect((await evaluate(options))[0]).toBeCloseTo(average(crossEntropies(logits, [2, 0, 1, 1], 0.1)), 5);
    await expectGradients(options);
  });

  it('leaves ignored labels out of the sum and of the count', async () => {
    const options = { ...check(), constants: { labels: integers([2, -100, 1, -100]) } };
    const all = crossEntropies(logits, [2, 0, 1, 0]);
    expect((await evaluate(options))[0]).toBeCloseTo((all[0]! + all[2]!) / 2, 5);
    await expectGradients(options);
  });

  it('is 0 with gradient 0 when every label is ignored', async () => {
    const options = { ...check(), constants: { labels: integers([-100, -100, -100, -100]) } };
    expect(await evaluate(options)).toEqual([0]);
    const [comparison] = await checkGradients(options);
    expect(toNumbers(comparison!.analytic).every((x) => x === 0)).toBe(true);
  });

  it('weights classes and divides by the weights, smoothed or not', async () => {
    const weights = [1, 2, 0.5];
    for (const labelSmoothing of [0, 0.2]) {
      const options: GradientCheckOptions = {
        ...check(),
        constants: { labels, weights: tensor('float32', weights) },
        build: (v) => crossEntropy(v.logits!, v.labels!, { classWeights: v.weights!, labelSmoothing }),
      };
      const losses = crossEntropies(logits, [2, 0, 1, 1], labelSmoothing, weights);
      const divisor = 0.5 + 1 + 2 + 2;
      expect((await evaluate(options))[0]).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / divisor, 5);
      await expectGradients(options);
    }
  });

  it('scales losses by example weights, which learn too', async () => {
    const exampleWeights = positives([4], 62);
    const options: GradientCheckOptions = {
      inputs: { logits, exampleWeights },
      constants: { labels },
      build: (v) => crossEntropy(v.logits!, v.labels!, { exampleWeights: v.exampleWeights! }),
    };
    const losses = crossEntropies(logits, [2, 0, 1, 1]).map((loss, i) => loss * exampleWeights.data[i]!);
    expect((await evaluate(options))[0]).toBeCloseTo(average(losses), 5);
    await expectGradients(options);
  });

  it('takes labels of sequences and weights of whole examples', async () => {
    const options: GradientCheckOptions = {
      inputs: { logits: normals([2, 3, 4], 63) },
      constants: { labels: integers([0, 3, -100, 1, 1, 2], [2, 3]), weights: tensor('float32', [1, 2]) },
      shapes: { logits: ['batch', 'sequence', 4], labels: ['batch', 'sequence'], weights: ['batch'] },
      build: (v) => crossEntropy(v.logits!, v.labels!, { exampleWeights: v.weights! }),
    };
    const losses = crossEntropies(normals([2, 3, 4], 63), [0, 3, 0, 1, 1, 2]);
    const expected = (losses[0]! + losses[1]! + 2 * (losses[3]! + losses[4]! + losses[5]!)) / 5;
    expect((await evaluate(options))[0]).toBeCloseTo(expected, 5);
    await expectGradients(options);
  });

  it('skips the masking when no label is ignored', async () => {
    const options = check({ ignoreIndex: null });
    expect((await evaluate(options))[0]).toBeCloseTo(average(crossEntropies(logits, [2, 0, 1, 1])), 5);
    const graph = new Graph();
    crossEntropy(graph.input('logits', 'float32', ['batch', 3]), graph.input('labels', 'int64', ['batch']), {
      ignoreIndex: null,
    });
    expect(graph.nodes.some(({ op }) => op === 'Where')).toBe(false);
  });

  it('agrees with softCrossEntropy on one-hot targets', async () => {
    const options: GradientCheckOptions = {
      inputs: { logits },
      constants: { targets: tensor('float32', [0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0], [4, 3]) },
      build: (v) => softCrossEntropy(v.logits!, v.targets!),
    };
    expect((await evaluate(options))[0]).toBeCloseTo(average(crossEntropies(logits, [2, 0, 1, 1])), 5);
    await expectGradients(options);
  });
});

describe('binaryCrossEntropyWithLogits', () => {
  const targets = tensor('float32', [0, 1, 0.3, 1, 0, 0.5], [2, 3]);

  it('is the mean of the binary cross entropies', async () => {
    const logits = normals([2, 3], 64);
    const options: GradientCheckOptions = {
      inputs: { logits },
      constants: { targets },
      build: (v) => binaryCrossEntropyWithLogits(v.logits!, v.targets!),
    };
    const expected = average(
      Array.from(logits.data, (x, i) => {
        const p = 1 / (1 + Math.exp(-x));
        return -targets.data[i]! * Math.log(p) - (1 - targets.data[i]!) * Math.log(1 - p);
      }),
    );
    expect((await evaluate(options))[0]).toBeCloseTo(expected, 5);
    await expectGradients(options);
  });

  it('stays finite and exact for logits of hundreds', async () => {
    const options = {
      inputs: { logits: tensor('float32', [500, -500, 90], [3]) },
      constants: { targets: tensor('float32', [0, 1, 1], [3]) },
      build: (v: Readonly<Record<string, Value>>) => binaryCrossEntropyWithLogits(v.logits!, v.targets!),
    };
    expect((await evaluate(options))[0]).toBeCloseTo(1000 / 3, 3);
  });

  it('averages over the mask only', async () => {
    const options: GradientCheckOptions = {
      inputs: { logits: normals([2, 3], 64) },
      constants: { targets, mask: tensor('float32', [1, 0]) },
      build: (v) => binaryCrossEntropyWithLogits(v.logits!, v.targets!, { mask: v.mask! }),
    };
    const full = await evaluate({
      ...options,
      inputs: { logits: tensor('float32', normals([2, 3], 64).data.slice(0, 3), [1, 3]) },
      constants: { targets: tensor('float32', [0, 1, 0.3], [1, 3]), mask: tensor('float32', [1]) },
    });
    expect((await evaluate(options))[0]).toBeCloseTo(full[0]!, 5);
    await expectGradients(options);
  });
});

it('meanSquaredError is the mean of squared differences, weighted by example', async () => {
  const options: GradientCheckOptions = {
    inputs: { a: normals([2, 2], 65), b: normals([2, 2], 66) },
    constants: { w: tensor('float32', [1, 3]) },
    build: (v) => meanSquaredError(v.a!, v.b!, { exampleWeights: v.w! }),
  };
  const [a, b] = [normals([2, 2], 65).data, normals([2, 2], 66).data];
  const expected = average(Array.from(a, (x, i) => (x - b[i]!) ** 2 * (i < 2 ? 1 : 3)));
  expect((await evaluate(options))[0]).toBeCloseTo(expected, 5);
  await expectGradients(options);
});

describe('logSumExp', () => {
  it('is the logarithm of the summed exponentials, with softmax as gradient', async () => {
    const options: GradientCheckOptions = { inputs: { x: normals([2, 3], 67) }, build: ({ x }) => logSumExp(x!) };
    const x = normals([2, 3], 67).data;
    const expected = [0, 3].map((row) => Math.log(x.slice(row, row + 3).reduce((sum, v) => sum + Math.exp(v), 0)));
    (await evaluate(options)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
    await expectGradients(options);
  });

  it('neither overflows nor yields NaN at the extremes', async () => {
    const values = await evaluate({
      inputs: { x: tensor('float32', [1000, 1000, -Infinity, -Infinity], [2, 2]) },
      build: ({ x }) => logSumExp(x!),
    });
    expect(values[0]).toBeCloseTo(1000 + Math.log(2), 3);
    expect(values[1]).toBeLessThan(-1e38);
  });
});

describe('l2normalize', () => {
  it('gives unit vectors', async () => {
    const options: GradientCheckOptions = { inputs: { x: normals([2, 3], 68) }, build: ({ x }) => l2normalize(x!) };
    const values = await evaluate(options);
    expect(Math.hypot(...values.slice(0, 3))).toBeCloseTo(1, 5);
    await expectGradients(options);
  });

  it('leaves a zero vector at zero', async () => {
    expect(await evaluate({ inputs: { x: tensor('float32', [0, 0]) }, build: ({ x }) => l2normalize(x!) })).toEqual([
      0, 0,
    ]);
  });
});

it('maskedMean averages what is selected, and is 0 where nothing is', async () => {
  const options: GradientCheckOptions = {
    inputs: { x: normals([2, 3, 2], 69) },
    constants: { mask: tensor('float32', [1, 1, 0, 0, 0, 0], [2, 3]) },
    shapes: { x: ['batch', 'sequence', 2], mask: ['batch', 'sequence'] },
    build: ({ x, mask }) => maskedMean(x!, mask!.unsqueeze([-1]), [1]),
  };
  const x = normals([2, 3, 2], 69).data;
  const values = await evaluate(options);
  expect(values[0]).toBeCloseTo((x[0]! + x[2]!) / 2, 5);
  expect(values[1]).toBeCloseTo((x[1]! + x[3]!) / 2, 5);
  expect(values.slice(2)).toEqual([0, 0]);
  await expectGradients(options);
});

it('plainGelu equals the operator and geluTanh approximates it', async () => {
  const x = normals([9], 70);
  const exact = Array.from(x.data, (v) => 0.5 * v * (1 + erf(v * Math.SQRT1_2)));
  for (const [build, digits] of [
    [plainGelu, 5],
    [geluTanh, 2],
  ] as const) {
    const options: GradientCheckOptions = { inputs: { x }, build: (v) => build(v.x!) };
    (await evaluate(options)).forEach((value, i) => {
      expect(value).toBeCloseTo(exact[i]!, digits);
    });
    await expectGradients(options);
  }
});

it('layerNorm standardises the last axis', async () => {
  const values = await evaluate({
    inputs: { x: normals([2, 8], 71) },
    build: ({ x }, graph) =>
      layerNorm(x!, graph.constant(Array<number>(8).fill(1)), graph.constant(Array<number>(8).fill(0))),
  });
  const row = values.slice(0, 8);
  expect(average(row)).toBeCloseTo(0, 5);
  expect(average(row.map((v) => v * v))).toBeCloseTo(1, 3);
});

describe('stopGradient', () => {
  it('passes the value and no gradient', async () => {
    const options: GradientCheckOptions = {
      inputs: { x: normals([3], 72) },
      build: ({ x }) => stopGradient(x!.square()).mul(x!),
    };
    const [stopped] = await checkGradients(options);
    const weighted = await evaluate(options);
    const x = normals([3], 72).data;
    // d/dx of stop(x²)·x is x², one third of the full derivative.
    const [plain] = await checkGradients({ inputs: { x: normals([3], 72) }, build: (v) => v.x!.pow(3) });
    stopped!.analytic.data.forEach((value, i) => {
      expect(weighted[i]).toBeCloseTo(x[i]! ** 3, 4);
      expect(value).toBeCloseTo(plain!.analytic.data[i]! / 3, 4);
    });
  });
});

describe('row gradients', () => {
  const table = normals([4, 3], 73);
  const constants = { i: integers([1, 3, 1], [3]), j: integers([0, 1], [1, 2]) };

  it('add up over repeated indices and several lookups', async () => {
    await expectGradients({
      inputs: { table },
      constants,
      rows: ['table'],
      build: ({ table, i, j }) => [table!.gather(i!).tanh(), table!.gather(j!).square()],
    });
  });

  it('add to the dense part of a table that is also multiplied with', async () => {
    await expectGradients({
      inputs: { table },
      constants,
      rows: ['table'],
      build: ({ table, i }) => table!.gather(i!).matmul(table!.swapLastTwo()),
    });
  });
});
