import { readFileSync } from 'node:fs';
import { grad } from '@zooid/autodiff';
import { Graph, graphParameters, importGraph, pruneGraph, readModel, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, type Shape, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';

// Exports of PyTorch 1.13 and their gradients in double precision; __golden__/exports/make_exports.py made both.
interface Golden {
  readonly inputs: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>>;
}

const file = (name: string) => new URL(`__golden__/exports/${name}`, import.meta.url);
const golden = (model: string) => JSON.parse(readFileSync(file(`${model}.json`), 'utf8')) as Golden;
const source = (name: string) => readModel(readFileSync(file(`${name}.onnx`)));

/** Σ of output[i] · cos(0.7 i + k) over all outputs, as the script has it. */
function scriptLoss(graph: Graph, outputs: readonly Value[]): Value {
  return outputs
    .map((output, k) => {
      const count = graph.emit('Size', [output])[0]!;
      const places = graph.emit('Range', [graph.scalar(0, 'int64'), count, graph.scalar(1, 'int64')])[0]!;
      const weights = graph.emit('Cos', [places.cast('float32').mul(0.7).add(k)])[0]!;
      return output.reshape([-1]).mul(weights).sum([0], false);
    })
    .reduce((a, b) => a.add(b));
}

interface Differentiated {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, HostTensor>;
  readonly outputs: readonly Value[];
}

/** Imports an export as training does: parameters are inputs, and one graph gives loss and gradients. */
async function differentiate(name: string, inputs: Golden['inputs'], shape: Shape): Promise<Differentiated> {
  const read = source(name);
  const graph = new Graph();
  const feeds: Record<string, HostTensor> = {};
  const values = Object.fromEntries(
    Object.entries(inputs).map(([input, rows]) => {
      feeds[input] = tensor('int64', rows.flat(), [rows.length, rows[0]!.length]);
      return [input, graph.input(input, 'int64', shape)];
    }),
  );
  const parameters = new Map<string, Value>();
  const outputs = importGraph(read, graph, {
    inputs: values,
    parameter: ({ name: key, dims, data }) => {
      feeds[key] = tensor('float32', data, dims);
      const value = graph.input(key, 'float32', dims);
      parameters.set(key, value);
      return value;
    },
  });
  const loss = scriptLoss(graph, Object.values(outputs));
  graph.output(loss, 'loss');
  const gradients = grad(graph, loss, [...parameters.values()]);
  [...parameters.keys()].forEach((key, i) => {
    graph.output(gradients[i]!.dense!, `grad:${key}`);
  });
  const results: TensorMap = await runModel(writeModel(pruneGraph(graph)), feeds);
  return {
    loss: Number(results.loss!.data[0]),
    gradients: new Map([...parameters.keys()].map((key) => [key, results[`grad:${key}`]!])),
    outputs: Object.values(outputs),
  };
}

const norm = (values: readonly number[]) => Math.hypot(...values);

function expectGradients(actual: ReadonlyMap<string, HostTensor>, expected: Golden['gradients']): void {
  expect([...actual.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { dims, data }] of Object.entries(expected)) {
    const gradient = actual.get(name)!;
    expect(gradient.dims, name).toEqual(dims);
    // Softmax does not see what is added to every key, so this gradient is 0 but for rounding: measure it by the query's.
    const scale = name.endsWith('key.bias') ? norm(expected[name.replace('key', 'query')]!.data) : norm(data);
    const error = norm(data.map((x, i) => x - Number(gradient.data[i])));
    expect(error / scale, name).toBeLessThan(1e-5);
  }
}

describe('an export imported into a graph', () => {
  it.each([
    ['bert-11', 'bert'],
    ['bert-17', 'bert'],
    ['sentence-12', 'sentence'],
    ['gpt2-13', 'gpt2'],
  ])('%s has the loss and every gradient of PyTorch, under its names, over symbolic dims', async (name, model) => {
    const { inputs, loss, gradients } = golden(model);
    const actual = await differentiate(name, inputs, ['batch', 'sequence']);
    expect(actual.loss).toBeCloseTo(loss, 4);
    expectGradients(actual.gradients, gradients);
    for (const { shape } of actual.outputs) expect(shape[0]).toBe('batch');
  });
});
