import { readFileSync } from 'node:fs';
import { grad } from '@zooid/autodiff';
import {
  Graph,
  GraphError,
  graphParameters,
  importGraph,
  pruneGraph,
  readModel,
  type Value,
  writeModel,
} from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, type HostTensor, type Shape, type TensorMap, tensor, toNumbers } from '@zooid/tensor';
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
    ['albert-16', 'albert'],
    ['mixture-14', 'mixture'],
  ])('%s has the loss and every gradient of PyTorch, under its names, over symbolic dims', async (name, model) => {
    const { inputs, loss, gradients } = golden(model);
    const actual = await differentiate(name, inputs, ['batch', 'sequence']);
    expect(actual.loss).toBeCloseTo(loss, 4);
    expectGradients(actual.gradients, gradients);
    for (const { shape } of actual.outputs) expect(shape[0]).toBe('batch');
  });

  it('of fixed axes works at its size, with the positions that the exporter cut out as a weight of their own', async () => {
    const { inputs, loss, gradients } = golden('bert');
    const actual = await differentiate('bert-14-static', inputs, [2, 5]);
    expect(actual.loss).toBeCloseTo(loss, 4);
    const { 'positions.weight': positions, ...rest } = gradients;
    const [cut, ...others] = [...actual.gradients.keys()].filter((name) => !(name in rest));
    expect(others).toEqual([]);
    expectGradients(new Map([...actual.gradients].map(([name, gradient]) => [name === cut ? 'cut' : name, gradient])), {
      ...rest,
      cut: { dims: [5, 8], data: positions!.data.slice(0, 40) },
    });
  });

  it('of fixed axes refuses another size, saying so', async () => {
    await expect(differentiate('bert-14-static', golden('bert').inputs, ['batch', 'sequence'])).rejects.toThrow(
      "Input 'input_ids' was exported as [2, 5] and given as [batch, sequence]; numbers in an export are fixed",
    );
  });

  it('has other sizes at run time: the same rows, one by one and padded differently, give the same logits', async () => {
    const { inputs } = golden('bert');
    const both = await logits('bert-17', inputs);
    const second = await logits(
      'bert-17',
      Object.fromEntries(Object.entries(inputs).map(([name, rows]) => [name, [rows[1]!.slice(0, 3)]])),
    );
    second.forEach((value, i) => {
      expect(value).toBeCloseTo(both[3 + i]!, 4);
    });
  });

  it('can be written again with other weights, and computes the same with its own', async () => {
    const { inputs } = golden('gpt2');
    const graph = new Graph();
    const outputs = importGraph(source('gpt2-13'), graph, {
      inputs: Object.fromEntries(
        Object.keys(inputs).map((name) => [name, graph.input(name, 'int64', ['batch', 'sequence'])]),
      ),
      parameter: ({ name, dims, data }) => graph.initializer(name, tensor('float32', data, dims)),
    });
    graph.output(outputs.logits!, 'logits');
    const feeds = feedsOf(inputs);
    const original = await runModel(readFileSync(file('gpt2-13.onnx')), feeds);
    const written = await runModel(writeModel(pruneGraph(graph)), feeds);
    expect(allClose(written.logits!, original.logits!)).toBe(true);
  });

  it('lists a tied table once', () => {
    const names = graphParameters(source('gpt2-13')).map(({ name }) => name);
    expect(names).toContain('wte.weight');
    expect(names.filter((name) => name.startsWith('lm_head') || name.includes('::'))).toEqual([]);
  });
});

const feedsOf = (inputs: Golden['inputs']): TensorMap =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, rows]) => [name, tensor('int64', rows.flat(), [rows.length, rows[0]!.length])]),
  );

async function logits(name: string, inputs: Golden['inputs']): Promise<number[]> {
  const graph = new Graph();
  const outputs = importGraph(source(name), graph, {
    outputs: ['logits'],
    inputs: Object.fromEntries(
      Object.keys(inputs).map((key) => [key, graph.input(key, 'int64', ['batch', 'sequence'])]),
    ),
    parameter: ({ name: key, dims, data }) => graph.initializer(key, tensor('float32', data, dims)),
  });
  graph.output(outputs.logits!, 'logits');
  return toNumbers((await runModel(writeModel(graph), feedsOf(inputs))).logits!);
}

describe('an operator without a derivative in an export', () => {
  it('is named, with the path from the loss', () => {
    const exported = new Graph();
    const x = exported.input('x', 'float32', ['batch', 4]);
    const w = exported.initializer('w', tensor('float32', [1, 2, 3, 4], [4]));
    const [hardmax] = exported.emitUnknown(
      { op: '::Hardmax', domain: '', name: '/head/Hardmax', inputs: [x.mul(w)], attributes: {} },
      [{ name: 'gates', dtype: 'float32', shape: ['batch', 4] }],
    );
    exported.output(exported.emit('Exp', [hardmax!], {}, ['y'], '', '/head/Exp')[0]!);
    const graph = new Graph();
    let weight: Value | undefined;
    const { y } = importGraph(readModel(writeModel(exported)), graph, {
      inputs: { x: graph.input('x', 'float32', ['batch', 4]) },
      parameter: ({ name, dims }) => {
        weight = graph.input(name, 'float32', dims);
        return weight;
      },
    });
    const run = () => grad(graph, y!.sum([0, 1], false), [weight!]);
    expect(run).toThrow(GraphError);
    expect(run).toThrow(/Operator ::Hardmax has no VJP rule.*: ReduceSum_\d+ ← \/head\/Exp ← \/head\/Hardmax;/);
  });
});
