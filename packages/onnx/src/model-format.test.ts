import { Random, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError, UnsupportedOpError } from './errors.js';
import { Graph } from './graph.js';
import { encodeModel } from './protobuf/encode.js';
import type { ModelProto, NodeProto } from './protobuf/messages.js';
import { readModel } from './read-model.js';
import { writeModel, writeModelWithExternalData } from './write-model.js';

function classifier(): Graph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const table = graph.initializer(
    'table',
    tensor(
      'float32',
      Array.from({ length: 64 }, (_, i) => i / 7),
      [16, 4],
    ),
  );
  const scale = graph.initializer('scale', tensor('float32', [1, 1, 1, 1]));
  const bias = graph.initializer('bias', tensor('float32', [0, 0, 0, 0]));
  const hidden = table.gather(ids).layerNormalization(scale, bias, 1).gelu();
  graph.output(hidden.reshape([-1, 4]).reshape(['batch', 'sequence', 4]).mean([1], false).softmax(), 'probabilities');
  return graph;
}

/** A model of the given nodes on an input `x` `[2, n]`, bypassing the builder. */
function rawModel(nodes: readonly Partial<NodeProto>[], change: Partial<ModelProto> = {}): Uint8Array {
  return encodeModel({
    irVersion: 8,
    producerName: '',
    producerVersion: '',
    opsets: [{ domain: '', version: 17 }],
    metadata: {},
    graph: {
      name: 'g',
      nodes: nodes.map((node) => ({
        name: 'n',
        opType: 'Exp',
        domain: '',
        inputs: ['x'],
        outputs: ['y'],
        attributes: [],
        ...node,
      })),
      initializers: [],
      inputs: [{ name: 'x', elementType: 1, shape: [2, 'n'] }],
      outputs: [{ name: 'y', elementType: 1, shape: [] }],
    },
    ...change,
  });
}

describe('writeModel and readModel', () => {
  it('round-trip names, shapes, attributes and weights', () => {
    const graph = classifier();
    const bytes = writeModel(graph, { metadata: { task: 'test' } });
    const back = readModel(bytes);
    expect(back.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([
      { name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'] },
    ]);
    expect(back.outputs.map(({ name, shape }) => [name, shape])).toEqual([['probabilities', ['batch', 4]]]);
    expect(back.nodes.map(({ op, name }) => [op, name])).toEqual(graph.nodes.map(({ op, name }) => [op, name]));
    expect(back.nodes.find(({ op }) => op === 'LayerNormalization')!.attributes).toEqual({
      axis: -1,
      epsilon: { float: 1 },
    });
    expect(toNumbers(back.initializers.get(back.find('table'))!)).toEqual(
      toNumbers(graph.initializers.get(graph.find('table'))!),
    );
    expect(writeModel(back, { metadata: { task: 'test' } })).toEqual(bytes);
  });

  it('keep every dtype, negative integers, and attributes of every kind', () => {
    const graph = new Graph();
    const all = {
      float32: [1.5, -2],
      float64: [0.1],
      float16: [0x3c00],
      int64: [-1, 2 ** 40],
      int32: [-7],
      int8: [-8],
      uint8: [200],
      bool: [1, 0],
    } as const;
    for (const [dtype, values] of Object.entries(all)) {
      graph.output(graph.initializer(dtype, tensor(dtype as 'float32', values)));
    }
    const x = graph.find('float32');
    graph.output(graph.emit('Pad', [x, graph.constant([1, 1], 'int64')], { mode: 'constant' })[0]!, 'padded');
    graph.output(
      graph.emit('ConstantOfShape', [graph.constant([2], 'int64')], { value: tensor('int64', [-3]) })[0]!,
      'filled',
    );
    const back = readModel(writeModel(graph));
    for (const [dtype, values] of Object.entries(all)) {
      const stored = back.initializers.get(back.find(dtype))!;
      expect(stored.dtype).toBe(dtype);
      expect(toNumbers(stored)).toEqual([...values]);
    }
    expect(back.nodes.map(({ attributes }) => attributes)).toEqual(graph.nodes.map(({ attributes }) => attributes));
  });

  it('names com.microsoft only when it is used', () => {
    const plain = new Graph();
    plain.output(plain.input('x', 'float32', [1]).exp());
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    expect(text(writeModel(plain))).not.toContain('com.microsoft');
    expect(text(writeModel(classifier()))).toContain('com.microsoft');
  });

  it('leaves out optional outputs that nobody reads', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 4]);
    const one = graph.constant([1, 1, 1, 1]);
    graph.output(x.layerNormalization(one, one, 1e-5));
    expect(readModel(writeModel(graph)).nodes[0]!.outputs).toHaveLength(1);
    graph.output(graph.nodes[0]!.outputs[2]!);
    expect(readModel(writeModel(graph)).nodes[0]!.outputs).toHaveLength(3);
  });

  it('refuses to write a graph without outputs', () => {
    expect(() => writeModel(new Graph())).toThrow('A graph without outputs computes nothing');
  });

  it('move large weights to a side file, page-aligned, and find them again', () => {
    const graph = classifier();
    const { model, data } = writeModelWithExternalData(graph, { path: 'model.onnx.data', minBytes: 16 });
    expect(model.byteLength).toBeLessThan(writeModel(graph).byteLength);
    expect(data.byteLength).toBe(3 * 4096 + 16); // table, scale, bias, and a shape of two numbers
    const back = readModel(model, { externalData: new Map([['model.onnx.data', data]]) });
    expect(writeModel(back)).toEqual(writeModel(graph));
    expect(() => readModel(model)).toThrow("lies in the side file 'model.onnx.data', which was not given");
    expect(() => readModel(model, { externalData: new Map([['model.onnx.data', data.subarray(0, 100)]]) })).toThrow(
      GraphError,
    );
  });

  it('read a Buffer at any offset, as files come', () => {
    const bytes = writeModel(classifier());
    for (let offset = 0; offset < 8; offset++) {
      const file = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset);
      expect(writeModel(readModel(file))).toEqual(bytes);
    }
  });

  it('turns Constant nodes into initializers', () => {
    const bytes = rawModel([
      {
        opType: 'Constant',
        inputs: [],
        outputs: ['two'],
        attributes: [{ name: 'value_float', kind: 'float', value: 2 }],
      },
      { opType: 'Mul', inputs: ['x', 'two'], outputs: ['y'] },
    ]);
    const graph = readModel(bytes);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Mul']);
    expect(toNumbers([...graph.initializers.values()][0]!)).toEqual([2]);
  });
});

describe('readModel refuses', () => {
  it('operators outside the table, by name and node', () => {
    expect(() => readModel(rawModel([{ opType: 'Det', name: 'head/det', outputs: ['z'] }]))).toThrow(
      UnsupportedOpError,
    );
    expect(() => readModel(rawModel([{ opType: 'Det', name: 'head/det', outputs: ['z'] }]))).toThrow(
      "'Det' (node 'head/det')",
    );
    expect(() => readModel(rawModel([{ opType: 'Gelu', domain: '', outputs: ['z'] }]))).toThrow(UnsupportedOpError);
    expect(() => readModel(rawModel([{ opType: 'Gelu', domain: 'com.microsoft' }]))).toThrow(
      'which the model does not import',
    );
  });

  it('axes and bounds that opset 17 must know and an 18 computes', () => {
    const reduce = { opType: 'ReduceMean', inputs: ['x', 'axes'], outputs: ['y'] };
    const model = rawModel(
      [{ opType: 'Cast', outputs: ['axes'], attributes: [{ name: 'to', kind: 'int', value: 7 }] }, reduce],
      {
        opsets: [{ domain: '', version: 18 }],
      },
    );
    expect(() => readModel(model)).toThrow("ReduceMean 'n' computes its axes while it runs");
  });

  it('unknown operators of whose outputs nothing is said', () => {
    const output = { name: 'y', elementType: 0 };
    const graph = { name: 'g', nodes: [], initializers: [], inputs: [], outputs: [output] };
    const node = { name: 'n', opType: 'Det', domain: '', inputs: [], outputs: ['y'], attributes: [] };
    expect(() => readModel(rawModel([], { graph: { ...graph, nodes: [node] } }))).toThrow(UnsupportedOpError);
  });

  it('opsets it was not written for', () => {
    expect(() => readModel(rawModel([{}], { opsets: [{ domain: '', version: 9 }] }))).toThrow(
      'The model uses opset 9; 11 to 21 can be read',
    );
    expect(() => readModel(new Uint8Array())).toThrow(GraphError);
  });

  it('values used before they are defined, or defined twice', () => {
    expect(() => readModel(rawModel([{ inputs: ['z'] }]))).toThrow(
      "Value 'z' is used by node 'n' before any node defines it",
    );
    expect(() => readModel(rawModel([{}, {}]))).toThrow("already has a value named 'y'");
  });

  it('weights that are shorter than their dims claim, without allocating for the claim', () => {
    const model = rawModel([{}]);
    const graph = { name: 'g', nodes: [], inputs: [], outputs: [{ name: 'w', elementType: 1, shape: [] }] };
    for (const dims of [[1e9], [2 ** 40, 2 ** 40], [-1], [5]]) {
      const initializers = [{ name: 'w', dims, dataType: 1, raw: new Uint8Array(8) }];
      expect(() => readModel(rawModel([], { graph: { ...graph, initializers } }))).toThrow(GraphError);
      expect(() =>
        readModel(rawModel([], { graph: { ...graph, initializers: [{ name: 'w', dims, dataType: 1 }] } })),
      ).toThrow(GraphError);
    }
    expect(model.byteLength).toBeGreaterThan(0);
  });

  it('every truncation of a model, and random bytes, with a GraphError', () => {
    const bytes = writeModel(classifier());
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readModel(bytes.subarray(0, length)), `first ${length} bytes`).toThrow(GraphError);
    }
    const random = new Random(11);
    for (let trial = 0; trial < 500; trial++) {
      const garbage = Uint8Array.from({ length: random.int(200) }, () => random.int(256));
      expect(() => readModel(garbage)).toThrow(GraphError);
    }
  });

  it('nothing but a GraphError for models with flipped, cut and repeated bytes', () => {
    const bytes = writeModel(classifier());
    const random = new Random(12);
    for (let trial = 0; trial < 4000; trial++) {
      const mutated = mutate(bytes, random);
      try {
        readModel(mutated);
      } catch (error) {
        if (!(error instanceof GraphError))
          throw new Error(`trial ${trial}: ${(error as Error).stack}`, { cause: error });
      }
    }
  });
});

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const out = Array.from(bytes);
  for (let edits = 1 + random.int(4); edits > 0; edits--) {
    const at = random.int(out.length);
    const kind = random.int(4);
    if (kind === 0) out[at] = random.int(256);
    else if (kind === 1) out[at]! ^= 1 << random.int(8);
    else if (kind === 2) out.splice(at, random.int(8));
    else out.splice(at, 0, ...out.slice(at, at + random.int(16)));
  }
  return Uint8Array.from(out);
}
