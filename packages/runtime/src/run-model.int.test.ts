import { Graph, writeModel } from '@zooid/onnx';
import { expect, it } from 'vitest';
import { floats, ids } from './__fixtures__/toy-programs.js';
import { runModel } from './run-model.js';

function model(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['n', 2]);
  const picked = x.gather(graph.input('rows', 'int64', ['k']));
  graph.output(picked, 'picked');
  graph.output(picked.greater(1), 'large');
  return writeModel(graph);
}

const feeds = { x: floats([3, 2], [0, 1, 2, 3, 4, 5]), rows: ids([2], [2, 0]) };

it('runs a model once and returns every output with its type', async () => {
  const { picked, large } = await runModel(model(), feeds);
  expect(picked).toEqual(floats([2, 2], [4, 5, 0, 1]));
  expect(large).toEqual({ dtype: 'bool', dims: [2, 2], data: Uint8Array.of(1, 1, 0, 0) });
});

it('returns only the outputs asked for', async () => {
  expect(Object.keys(await runModel(model(), feeds, ['large']))).toEqual(['large']);
});

it('wraps the error of the runtime', async () => {
  await expect(runModel(Uint8Array.of(1, 2, 3), {})).rejects.toMatchObject({ code: 'SESSION_FAILED' });
  await expect(runModel(model(), { ...feeds, rows: ids([1], [9]) })).rejects.toThrow(/indices|bounds/);
});
