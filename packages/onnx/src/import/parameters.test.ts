import { type HostTensor, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { graphParameters } from './parameters.js';

const counting = (dims: readonly number[]): HostTensor<'float32'> =>
  tensor(
    'float32',
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    dims,
  );
const ones = (size: number) => tensor('float32', new Float32Array(size).fill(1));

function exported(build: (ids: Value, graph: Graph) => Value): Graph {
  const graph = new Graph(17, true);
  graph.output(build(graph.input('ids', 'int64', ['batch']), graph), 'y');
  return graph;
}

const identity = (value: Value, name: string) => value.graph.emit('Identity', [value], {}, [name])[0]!;
const named = (graph: Graph) => graphParameters(graph).map(({ name, dims }) => [name, dims]);

describe('graphParameters', () => {
  it('gives every path to merged values a weight of its own, under its own name', () => {
    const graph = exported((ids, graph) => {
      const table = graph.initializer('table', counting([5, 2]));
      const first = graph.initializer('norm.0.weight', ones(2));
      const second = identity(first, 'norm.1.weight');
      return table.gather(ids).mul(first).mul(second).mul(identity(second, 'norm.2.weight'));
    });
    expect(named(graph)).toEqual([
      ['table', [5, 2]],
      ['norm.0.weight', [2]],
      ['norm.1.weight', [2]],
      ['norm.2.weight', [2]],
    ]);
  });

  it('takes the name of the only path that is read', () => {
    const graph = exported((ids, graph) => {
      const merged = graph.initializer('unused.bias', ones(2));
      return graph
        .initializer('table', counting([5, 2]))
        .gather(ids)
        .add(identity(merged, 'used.bias'));
    });
    expect(named(graph)).toEqual([
      ['used.bias', [2]],
      ['table', [5, 2]],
    ]);
  });

  it('keeps a table shared that is looked up on one path and multiplied with on another', () => {
    const graph = exported((ids, graph) => {
      const table = graph.initializer('wte.weight', counting([5, 2]));
      return table.gather(ids).matmul(identity(table, 'lm_head.weight').swapLastTwo());
    });
    expect(named(graph)).toEqual([['wte.weight', [5, 2]]]);
  });

  it('parts two lookups in merged tables', () => {
    const graph = exported((ids, graph) => {
      const table = graph.initializer('left.weight', counting([5, 2]));
      return table.gather(ids).add(identity(table, 'right.weight').gather(ids));
    });
    expect(named(graph).map(([name]) => name)).toEqual(['left.weight', 'right.weight']);
  });

  it('calls a folded linear weight after its bias, in the layout of PyTorch', () => {
    const graph = exported((ids, graph) => {
      const x = graph.initializer('table', counting([5, 2])).gather(ids);
      const product = x.matmul(graph.initializer('onnx::MatMul_12', counting([2, 3])));
      return graph.initializer('encoder.query.bias', ones(3)).add(product);
    });
    const weight = graphParameters(graph).find(({ name }) => name === 'encoder.query.weight')!;
    expect(weight).toEqual({
      name: 'encoder.query.weight',
      dims: [3, 2],
      data: Float32Array.of(1, 4, 2, 5, 3, 6),
      initializer: 'onnx::MatMul_12',
    });
  });

  it('falls back on the module in the name of the node, then on the name in the file', () => {
    const graph = exported((ids, graph) => {
      const x = graph.initializer('table', counting([5, 2])).gather(ids);
      const a = graph.initializer('onnx::MatMul_7', counting([2, 3]));
      const b = graph.initializer('onnx::MatMul_8', counting([3, 2]));
      const hidden = graph.emit('MatMul', [x, a], {}, 1, '', '/encoder/layer.0/dense/MatMul')[0]!;
      return graph.emit('MatMul', [hidden, b], {}, 1, '', 'MatMul_9')[0]!;
    });
    expect(named(graph)).toEqual([
      ['table', [5, 2]],
      ['encoder.layer.0.dense.weight', [3, 2]],
      ['onnx::MatMul_8', [3, 2]],
    ]);
  });

  it('shares a table again with its folded transpose, but not with zeros that merely look so', () => {
    const build = (values: HostTensor<'float32'>) =>
      exported((ids, graph) => {
        const table = graph.initializer('wte.weight', { ...values, dims: [3, 2] });
        const turned = tensor(
          'float32',
          [0, 2, 4, 1, 3, 5].map((i) => values.data[i]!),
          [2, 3],
        );
        return table.gather(ids).matmul(graph.initializer('onnx::MatMul_9', turned));
      });
    expect(named(build(counting([3, 2])))).toEqual([['wte.weight', [3, 2]]]);
    expect(named(build(tensor('float32', new Float32Array(6), [3, 2])))).toHaveLength(2);
  });

  it('gives every weight a name of its own', () => {
    const graph = exported((ids, graph) => {
      const x = graph.initializer('a.weight', counting([5, 2])).gather(ids);
      const product = x.matmul(graph.initializer('onnx::MatMul_3', counting([2, 2])));
      return product.add(graph.initializer('a.bias', ones(2)));
    });
    expect(named(graph).map(([name]) => name)).toEqual(['a.weight', 'a.bias', 'onnx::MatMul_3']);
  });

  it('keeps the weight of a module that is called several times, and parts modules that merely started alike', () => {
    const twice = (second: string, bias: string) =>
      exported((ids, graph) => {
        const x = graph.initializer('table', counting([5, 2])).gather(ids);
        const weight = graph.initializer('onnx::MatMul_4', counting([2, 2]));
        const firstBias = graph.initializer('layer.bias', ones(2));
        const secondBias = bias === 'layer.bias' ? firstBias : identity(firstBias, bias);
        const hidden = graph.emit('MatMul', [x, weight], {}, 1, '', '/layer/MatMul')[0]!.add(firstBias);
        const copy = identity(weight, 'onnx::MatMul_6');
        return graph.emit('MatMul', [hidden, copy], {}, 1, '', second)[0]!.add(secondBias);
      });
    const names = (graph: Graph) => named(graph).map(([name]) => name);
    expect(names(twice('/layer_1/MatMul', 'layer.bias'))).toEqual(['table', 'layer.bias', 'layer.weight']);
    expect(names(twice('/other/MatMul', 'other.bias'))).toEqual([
      'table',
      'layer.bias',
      'other.bias',
      'layer.weight',
      'other.weight',
    ]);
  });

  it('tells calls of a module without bias by their number', () => {
    const graph = exported((ids, graph) => {
      const x = graph.initializer('table', counting([5, 2])).gather(ids);
      const weight = graph.initializer('onnx::MatMul_4', counting([2, 2]));
      const hidden = graph.emit('MatMul', [x, weight], {}, 1, '', '/block/query/MatMul')[0]!;
      const copy = identity(weight, 'onnx::MatMul_6');
      return graph.emit('MatMul', [hidden, copy], {}, 1, '', '/block/query_1/MatMul')[0]!;
    });
    expect(named(graph).map(([name]) => name)).toEqual(['table', 'block.query.weight']);
  });
});
