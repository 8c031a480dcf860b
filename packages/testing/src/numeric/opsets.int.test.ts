import { Graph, readModel, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, type Shape, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { normals } from './op-case.js';

// The oracle is onnxruntime, which runs the model of the other opset as it is.
async function expectSame(
  opset: number,
  build: (x: Value, graph: Graph) => readonly Value[],
  shape: Shape = [2, 3, 4],
) {
  const graph = new Graph(opset);
  const outputs = build(graph.input('x', 'float32', shape), graph);
  outputs.forEach((output, i) => {
    graph.output(output, `y${i}`);
  });
  const feeds: TensorMap = { x: normals([2, 3, 4], 97) };
  const model = writeModel(graph);
  const lifted = readModel(model);
  expect(lifted.opset).toBe(17);
  const [expected, actual] = [await runModel(model, feeds), await runModel(writeModel(lifted), feeds)];
  for (const { name, shape: inferred } of lifted.outputs) {
    expect(actual[name]!.dims).toEqual(expected[name]!.dims);
    expect(inferred.filter((dim, i) => typeof dim === 'number' && dim !== actual[name]!.dims[i])).toEqual([]);
    expect(allClose(actual[name]!, expected[name]!)).toBe(true);
  }
  return lifted;
}

describe('models of opset 11 and 12 mean the same when read', () => {
  it.each([
    ['Softmax', 1],
    ['Softmax', 2],
    ['Softmax', 0],
    ['LogSoftmax', 1],
    ['LogSoftmax', -1],
    ['LogSoftmax', -2],
  ] as const)('%s along axis %i, which flattened', async (op, axis) => {
    await expectSame(11, (x, graph) => graph.emit(op, [x], { axis }), ['batch', 'sequence', 4]);
  });

  it('softmax without an axis, which was 1', async () => {
    await expectSame(12, (x, graph) => graph.emitUnknown(node('Softmax', [x]), [declared('y', [2, 3, 4])]));
  });

  it('axes and sizes that were attributes', async () => {
    await expectSame(11, (x, graph) => {
      const up = graph.emit('Unsqueeze', [x], { axes: [0, -1] })[0]!;
      const [a, b] = graph.emit('Split', [x], { axis: 2, split: [1, 3] }, 2);
      const sum = graph.emit('ReduceSum', [b!], { axes: [1], keepdims: 0 })[0]!;
      const down = graph.emit('Squeeze', [a!], { axes: [-1] })[0]!;
      return [up, sum, down, graph.emit('ReduceMean', [x], { axes: [-1] })[0]!, graph.emit('ReduceSum', [x])[0]!];
    });
  });

  it('dropout, whose rate was an attribute', async () => {
    const lifted = await expectSame(11, (x, graph) => graph.emit('Dropout', [x], { ratio: 0.3 }));
    expect(lifted.nodes[0]!.attributes).toEqual({});
  });

  it('clip and pad, whose bounds are inputs since 11', async () => {
    await expectSame(11, (x, graph) => [
      graph.emit('Clip', [x, graph.scalar(-0.5), null])[0]!,
      graph.emit('Pad', [x, graph.constant([0, 1, 0, 0, 0, 2], 'int64')])[0]!,
    ]);
  });
});

const node = (op: string, inputs: readonly Value[], attributes = {}) => ({
  op: `::${op}` as const,
  domain: '',
  name: op,
  inputs,
  attributes,
});
const declared = (name: string, shape: Shape) => ({ name, dtype: 'float32' as const, shape });

describe('models of opset 18 to 21 mean the same when read', () => {
  it.each(['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceProd', 'ReduceSumSquare'] as const)(
    '%s, whose axes are an input',
    async (op) => {
      await expectSame(18, (x, graph) => [
        graph.emit(op, [x, graph.constant([-1], 'int64')])[0]!,
        graph.emit(op, [x, graph.constant([0, 2], 'int64')], { keepdims: 0 })[0]!,
        graph.emit(op, [x])[0]!,
        graph.emit(op, [x, graph.constant([], 'int64')], { noop_with_empty_axes: 1 })[0]!,
      ]);
    },
  );

  it('split into a number of parts, the last one smaller', async () => {
    await expectSame(18, (x, graph) =>
      graph.emitUnknown(node('Split', [x], { axis: 1, num_outputs: 2 }), [
        declared('a', [2, 2, 4]),
        declared('b', [2, 1, 4]),
      ]),
    );
    await expectSame(20, (x, graph) => graph.emit('Split', [x], { axis: 2, num_outputs: 2 }, 2), ['batch', 3, 4]);
  });

  it('padding of some axes', async () => {
    await expectSame(19, (x, graph) =>
      graph.emitUnknown(
        node('Pad', [x, graph.constant([1, 0, 0, 2], 'int64'), graph.scalar(7), graph.constant([-1, 0], 'int64')]),
        [declared('y', [4, 3, 5])],
      ),
    );
  });

  it.each(['none', 'tanh'])('GELU as a standard operator, approximate=%s', async (approximate) => {
    const lifted = await expectSame(20, (x, graph) =>
      graph.emitUnknown(node('Gelu', [x], { approximate }), [declared('y', [2, 3, 4])]),
    );
    expect(lifted.nodes.every(({ op }) => !op.includes('::'))).toBe(true);
  });

  it('casts, layer normalisation and softmax', async () => {
    await expectSame(21, (x, graph) => {
      const one = graph.constant([1, 2, 1, 2]);
      const normal = x.layerNormalization(one, graph.constant([0, 1, 0, 1]), 1e-5);
      const [half] = graph.emit('Cast', [normal], { to: 11, saturate: 1 });
      return [half!.cast('float32').softmax(1), graph.emit('ReduceSum', [x, graph.constant([1], 'int64')])[0]!];
    });
  });
});

describe('operators that the table does not know', () => {
  it('are kept and written again, byte for byte, with outputs that nobody wants left out', async () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 4]);
    const ones = graph.initializer('scale', tensor('float32', [1, 1, 1, 1]));
    const [y, , , sum] = graph.emitUnknown(
      {
        op: 'com.microsoft::SkipSimplifiedLayerNormalization',
        domain: 'com.microsoft',
        name: 'skip',
        inputs: [x, x, ones],
        attributes: { epsilon: { float: 1e-5 } },
      },
      ['y', 'mean', 'deviation', 'sum'].map((name) => declared(name, ['batch', 4])),
    );
    graph.output(y!.add(sum!), 'out');
    const model = writeModel(graph);
    const back = readModel(model);
    expect(back.nodes.map(({ op }) => op)).toEqual([
      'com.microsoft::SkipSimplifiedLayerNormalization',
      'Add',
      'Identity',
    ]);
    expect(writeModel(back)).toEqual(model);
    const feeds = { x: normals([2, 4], 98) };
    expect((await runModel(writeModel(back), feeds)).out).toEqual((await runModel(model, feeds)).out);
  });
});
