import { grad } from '@zooid/autodiff';
import { Graph, pruneGraph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type CrfParameters, crfLoss, crfTable, readStepScores } from '@zooid/tagging';
import { type HostTensor, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { evaluateBuild } from '../numeric/evaluate-build.js';
import type { GradientCheckOptions } from '../numeric/gradcheck.js';
import { normals } from '../numeric/op-case.js';

const size = 3;
const out = -100;

/** Loss of labels in rows of one length, −100 outside the chain. */
function lossOf(labels: readonly (readonly number[])[], scale = 1, maxLength = 8): GradientCheckOptions {
  const [rows, length] = [labels.length, labels[0]!.length];
  const scaled = (dims: number[], seed: number): HostTensor<'float32'> => {
    const values = normals(dims, seed);
    return { ...values, data: values.data.map((x) => x * scale) };
  };
  return {
    inputs: {
      emissions: scaled([rows, length, size], 1),
      transitions: scaled([size, size], 2),
      start: scaled([size], 3),
      end: scaled([size], 4),
    },
    constants: { labels: tensor('int64', labels.flat(), [rows, length]) },
    shapes: { emissions: ['batch', 'sequence', size], labels: ['batch', 'sequence'] },
    build: (v) => crfLoss(v.emissions!, v.labels!, v as unknown as CrfParameters, { maxLength }),
  };
}

/** By its definition: the score of the labels against those of all sequences, in double precision. */
function expectedLoss({ inputs }: GradientCheckOptions, labels: readonly (readonly number[])[]): number {
  const [emissions, transitions, start, end] = ['emissions', 'transitions', 'start', 'end'].map((name) =>
    toNumbers(inputs[name]!),
  ) as [number[], number[], number[], number[]];
  let total = 0;
  let positions = 0;
  labels.forEach((row, r) => {
    const chain = row.flatMap((label, t) => (label === out ? [] : [t]));
    if (chain.length === 0) return;
    const score = (tags: readonly number[]) =>
      tags.reduce((sum, tag, i) => {
        const step = i === 0 ? start[tag]! : transitions[tags[i - 1]! * size + tag]!;
        return sum + step + emissions[(r * row.length + chain[i]!) * size + tag]!;
      }, end[tags.at(-1)!]!);
    let all: number[][] = [[]];
    for (const _ of chain) all = all.flatMap((tags) => [0, 1, 2].map((tag) => [...tags, tag]));
    const scores = all.map(score);
    const peak = Math.max(...scores);
    const partition = peak + Math.log(scores.reduce((sum, x) => sum + Math.exp(x - peak), 0));
    total += partition - score(chain.map((t) => row[t]!));
    positions += chain.length;
  });
  return total / Math.max(1, positions);
}

/** What `grad` emits, by input. */
async function gradientsOf({
  inputs,
  constants,
  shapes,
  build,
}: GradientCheckOptions): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const feeds = { ...inputs, ...constants };
  const values = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, dims }]) => [name, graph.input(name, dtype, shapes?.[name] ?? dims)]),
  );
  const names = Object.keys(inputs);
  const wanted = names.map((name) => values[name]!);
  grad(graph, build(values, graph) as Value, wanted).forEach(({ dense }, i) => {
    graph.output(dense!, `of ${names[i]}`);
  });
  const results = await runModel(writeModel(pruneGraph(graph, { keepInputs: true })), feeds);
  return Object.fromEntries(names.map((name) => [name, toNumbers(results[`of ${name}`]!)]));
}

describe('the loss of a conditional random field', () => {
  const cases = {
    'one row': [[0, 2, 1, 1, 0]],
    'one position': [[2]],
    'special tokens and padding': [
      [out, 0, 1, 2, 2, 1, out],
      [out, 1, out, out, out, out, out],
      [out, 2, 0, out, out, out, out],
    ],
    'a row without labels': [
      [out, out, out, out],
      [out, 1, 2, out],
    ],
    'as many positions as are allowed': [[0, 1, 2, 0, 1, 2, 0, 1]],
  };

  it.each(Object.entries(cases))('is that of its definition: %s', async (_, labels) => {
    for (const scale of [1, 8]) {
      const options = lossOf(labels, scale);
      const [loss] = await evaluateBuild(options);
      expect(loss).toBeCloseTo(expectedLoss(options, labels), 4);
    }
  });

  it.each(Object.entries(cases))('has the gradients of its definition: %s', async (_, labels) => {
    const options = lossOf(labels);
    const gradients = await gradientsOf(options);
    for (const [name, tensorOf] of Object.entries(options.inputs)) {
      const values = toNumbers(tensorOf);
      const expected = values.map((value, i) => {
        const moved = (step: number) => {
          const input = { ...tensorOf, data: Float64Array.from(values.with(i, value + step)) };
          return expectedLoss(
            { ...options, inputs: { ...options.inputs, [name]: input as unknown as HostTensor } },
            labels,
          );
        };
        return (moved(1e-4) - moved(-1e-4)) / 2e-4;
      });
      expect(gradients[name]!.length, name).toBe(expected.length);
      for (const [i, value] of gradients[name]!.entries()) expect(value, `${name}[${i}]`).toBeCloseTo(expected[i]!, 5);
    }
  });

  it('is 0 where nothing is labelled', async () => {
    const [loss] = await evaluateBuild(lossOf([[out, out]]));
    expect(loss).toBeCloseTo(0, 12);
  });

  it('changes with nothing that padding positions hold', async () => {
    const labels = [[out, 1, 2, 0, out, out]];
    const plain = lossOf(labels);
    const emissions = plain.inputs.emissions as HostTensor<'float32'>;
    const moved = { ...emissions, data: emissions.data.map((x, i) => (i >= 4 * size || i < size ? x + 50 : x)) };
    const inputs = { ...plain.inputs, emissions: moved };
    expect(await evaluateBuild({ ...plain, inputs })).toEqual(await evaluateBuild(plain));
  });
});

it('tables of steps are read as they were written', async () => {
  const { inputs } = lossOf([[0]]);
  const build = (v: Readonly<Record<string, Value>>, _: Graph) => crfTable(v as unknown as CrfParameters);
  const { emissions: _, ...parameters } = inputs;
  const table = tensor('float32', await evaluateBuild({ inputs: parameters, build }), [size + 2, size]);
  const { transitions, start, end } = readStepScores(table, size);
  expect([transitions, start, end].map((part) => Array.from(part))).toEqual(
    ['transitions', 'start', 'end'].map((name) => toNumbers(inputs[name]!)),
  );
  expect(() => readStepScores(table, 4)).toThrow('transitions of 4 tags must be [6, 4], got [5, 3]');
});
