import { Graph, writeModel } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import { numbers, openEngine, request } from '../__fixtures__/engines.js';
import { floats, ids, wave } from '../__fixtures__/toy-programs.js';
import type { TrainingProgram } from '../training-program.js';
import { ActiveRows } from './active-rows.js';

const rows = 9;
const width = 8;

/** loss = Σ (table[ids] / 2)², with its gradient by rows, or as a dense table that `oneHot` `[n, rows]` spreads them over. */
function program(name: 'rows' | 'dense'): TrainingProgram {
  const graph = new Graph();
  const table = graph.input('table', 'float32', [rows, width]);
  const gathered = table.gather(graph.input('ids', 'int64', ['n']));
  graph.output(gathered.mul(0.5).square().sum([0, 1], false), 'loss');
  const gradient = gathered.mul(0.5);
  const inputs: TrainingProgram['inputs'][number][] = [{ name: 'ids', dtype: 'int64', shape: ['n'] }];
  if (name === 'dense') {
    const oneHot = graph.input('oneHot', 'float32', ['n', rows]);
    inputs.push({ name: 'oneHot', dtype: 'float32', shape: ['n', rows] });
    graph.output(oneHot.swapLastTwo().matmul(gradient), 'grad');
  } else graph.output(gradient, 'grad');
  return {
    name,
    model: writeModel(graph),
    inputs,
    randoms: [],
    scalars: [],
    parameters: ['table'],
    gradients: [
      name === 'dense'
        ? { parameter: 'table', dense: 'grad' }
        : { parameter: 'table', rows: [{ indices: 'ids', values: 'grad' }] },
    ],
    loss: 'loss',
    outputs: [],
  };
}

describe('an update by rows', () => {
  it.each([0, 0.1])(
    'gives the bits of an update of the whole table, also after a resume (decay %s)',
    async (weightDecay) => {
      const parameters = [{ name: 'table', shape: [rows, width], data: wave(rows * width, 0.3), group: 'main' }];
      const open = () =>
        openEngine(parameters, [program('rows'), program('dense')], { optimizer: { kind: 'adamw', weightDecay } });
      const dense = await open();
      let sparse = await open();
      const batches = [[4, 1], [4], [7, 0, 1], [2], [8, 4]];
      for (const [i, indices] of batches.entries()) {
        const feeds = { ids: ids([indices.length], indices) };
        const oneHot = floats(
          [indices.length, rows],
          indices.flatMap((index) => Array.from({ length: rows }, (_, row) => Number(row === index))),
        );
        const step = (name: string, more = {}) =>
          request(i + 1, {
            microBatches: [{ program: name, feeds: { ...feeds, ...more }, weight: 1 }],
            learningRates: { main: 0.1 },
          });
        await dense.step(step('dense', { oneHot }));
        await sparse.step(step('rows'));
        expect(numbers(sparse.exportState(true))).toEqual(numbers(dense.exportState(true)));
        if (i === 2) {
          const resumed = await open();
          resumed.importState(sparse.exportState(true));
          sparse = resumed;
        }
      }
    },
  );

  it('follows an update of the whole table', async () => {
    const parameters = [{ name: 'table', shape: [rows, width], data: wave(rows * width, 0.3), group: 'main' }];
    const engine = await openEngine(parameters, [program('rows'), program('dense')]);
    const oneHot = floats(
      [1, rows],
      Array.from({ length: rows }, () => 1),
    );
    const step = (name: string, number: number, feeds = {}) =>
      engine.step(
        request(number, {
          microBatches: [{ program: name, feeds: { ids: ids([1], [3]), ...feeds }, weight: 1 }],
          learningRates: { main: 0.1 },
        }),
      );
    await step('dense', 1, { oneHot });
    const before = numbers(engine.exportState(true));
    await step('rows', 2);
    const after = numbers(engine.exportState(true));
    // Row 0 had no gradient in the second step, but its moments go on moving it.
    expect(after['table.moments']![0]).toBeCloseTo(0.9 * before['table.moments']![0]!, 6);
    expect(after.table![0]).not.toBe(before.table![0]);
  });
});

describe('ActiveRows', () => {
  it('joins neighbours', () => {
    const active = new ActiveRows(5);
    const moments = { m: new Float32Array(10), v: new Float32Array(10) };
    expect(active.runs([1, 2], moments)).toEqual([
      { start: 0, end: 1, active: false },
      { start: 1, end: 3, active: true },
      { start: 3, end: 5, active: false },
    ]);
    active.activateAll();
    expect(active.runs([], moments)).toEqual([{ start: 0, end: 5, active: true }]);
    moments.v[9] = 1;
    active.forget();
    expect(active.runs([], moments).at(-1)).toEqual({ start: 4, end: 5, active: true });
  });
});
