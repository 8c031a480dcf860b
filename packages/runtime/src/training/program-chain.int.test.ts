import { Graph, writeModel } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import { openEngine } from '../__fixtures__/engines.js';
import { floats } from '../__fixtures__/toy-programs.js';
import type { ProgramChain, TrainingProgram } from '../training-program.js';

const parameters = [{ name: 'w', shape: [3], data: Float32Array.of(1, -2, 0.5), group: 'main' }];

/** `[a, b]` → `a·b`, elementwise with broadcasting. */
function product(): Uint8Array {
  const graph = new Graph();
  const a = graph.input('a', 'float32', ['n', 3]);
  graph.output(a.mul(graph.input('b', 'float32', [3])), 'ab');
  return writeModel(graph);
}

/** `h, x` → Σ h² and its gradient by w where h = x w w: Σ 4 h h / w. */
function last(): Uint8Array {
  const graph = new Graph();
  const h = graph.input('h', 'float32', ['n', 3]);
  const w = graph.input('w', 'float32', [3]);
  graph.output(h.square().sum([0, 1], false), 'sum');
  graph.output(h.mul(h).mul(4).sum([0], false).div(w), 'slope');
  return writeModel(graph);
}

/** loss = Σ (x w w)²: the product model runs twice, the second time from one slot to the other. */
function chainProgram(changes: Partial<ProgramChain> = {}, more: Partial<TrainingProgram> = {}): TrainingProgram {
  const shape = ['n', 3];
  return {
    name: 'chain',
    model: {
      models: [product(), last()],
      slots: [
        { name: 'xw', shape },
        { name: 'xww', shape },
      ],
      runs: [
        { model: 0, inputs: { a: 'x', b: 'w' }, outputs: { ab: 'xw' } },
        { model: 0, inputs: { a: 'xw', b: 'w' }, outputs: { ab: 'xww' } },
        { model: 1, inputs: { h: 'xww', w: 'w' }, outputs: { sum: 'loss', slope: 'w.grad' } },
      ],
      ...changes,
    },
    inputs: [{ name: 'x', dtype: 'float32', shape }],
    randoms: [],
    scalars: [],
    parameters: ['w'],
    gradients: [{ parameter: 'w', dense: 'w.grad' }],
    loss: 'loss',
    outputs: [],
    ...more,
  };
}

const x = floats([2, 3], [1, 2, 3, -1, 0, 2]);

describe('a program of several runs', () => {
  it.each([true, false])('passes values from run to run (copies skipped: %s)', async (skipCopies) => {
    const engine = await openEngine(parameters, [chainProgram()], { skipCopies });
    for (const rows of [2, 1]) {
      const feeds = { x: floats([rows, 3], x.data.subarray(0, 3 * rows)) };
      const { loss, gradients } = await engine.gradients('chain', feeds, 1);
      // Σ (x w²)² and its derivative 4 x² w³.
      const columns = [0, 1, 2].map((i) => Array.from({ length: rows }, (_, row) => x.data[3 * row + i]! ** 2));
      const squares = columns.map((column) => column.reduce((a, b) => a + b, 0));
      const w = [...parameters[0]!.data];
      expect(loss).toBeCloseTo(
        squares.reduce((sum, square, i) => sum + square * w[i]! ** 4, 0),
        5,
      );
      gradients.get('w')!.data.forEach((slope, i) => {
        expect(slope).toBeCloseTo(4 * squares[i]! * w[i]! ** 3, 4);
      });
    }
    // (1² + 1²)·1 + 2²·2⁴ + (3² + 2²)/2⁴
    expect(Number((await engine.evaluate('chain', { x }, ['loss'])).loss!.data[0])).toBeCloseTo(66.8125, 4);
  });

  it('hands out what any of its runs makes, and runs no further than that takes', async () => {
    const named = chainProgram(
      {
        runs: [
          { model: 0, inputs: { a: 'x', b: 'w' }, outputs: { ab: 'once' } },
          { model: 0, inputs: { a: 'x', b: 'w' }, outputs: { ab: 'xww' } },
          { model: 1, inputs: { h: 'xww', w: 'w' }, outputs: { sum: 'loss', slope: 'w.grad' } },
        ],
      },
      { outputs: ['once'] },
    );
    const engine = await openEngine(parameters, [named]);
    const { once } = await engine.evaluate('chain', { x }, ['once']);
    expect([...once!.data]).toEqual([1, -4, 1.5, -1, -0, 1]);
  });

  it.each<[string, TrainingProgram, RegExp]>([
    [
      'that read what nothing before them makes',
      chainProgram({ runs: [{ model: 0, inputs: { a: 'xw', b: 'w' }, outputs: { ab: 'xww' } }] }),
      /a run reads xw, which nothing before it makes/,
    ],
    [
      'of a model that is not there',
      chainProgram({ runs: [{ model: 2, inputs: {}, outputs: {} }] }),
      /names model 2, of 2/,
    ],
    ['of which none makes the loss', chainProgram({}, { loss: 'nope' }), /lacks the outputs nope/],
    [
      'that feed a model too little',
      chainProgram({ runs: [{ model: 0, inputs: { a: 'x' }, outputs: { ab: 'xw' } }] }),
      /inputs that the program does not declare: b/,
    ],
  ])('is refused with runs %s', async (_what, program, message) => {
    await expect(openEngine(parameters, [program])).rejects.toThrow(message);
  });
});
