import { type Shape, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { Graph } from './graph.js';
import type { Value } from './value.js';

/** What exporters write to compute shapes, on `x` `[batch, sequence, 8]`: names must survive it. */
function resultOf(build: (x: Value, graph: Graph) => Value): Shape {
  const graph = new Graph(17, true);
  return build(graph.input('x', 'float32', ['batch', 'sequence', 8]), graph).shape;
}

const dim = (x: Value, axis: number) => x.runtimeShape().gather(x.graph.scalar(axis, 'int64'));
const int = (graph: Graph, ...values: readonly number[]) => graph.constant(values, 'int64');
const reshape = (x: Value, ...parts: readonly Value[]) =>
  x.graph.emit('Reshape', [x, parts.length === 1 ? parts[0]! : parts[0]!.concat(parts.slice(1), 0)])[0]!;

describe('shapes that are computed stay named', () => {
  it('through Shape, Gather, Unsqueeze and Concat', () => {
    const shape = resultOf((x, graph) =>
      reshape(x, dim(x, 0).unsqueeze([0]), dim(x, 1).unsqueeze([0]), int(graph, 2), dim(x, 2).div(2).unsqueeze([0])),
    );
    expect(shape).toEqual(['batch', 'sequence', 2, 4]);
  });

  it('through the idiom of expand: -1 keeps a size', () => {
    const shape = resultOf((x, graph) => {
      const wanted = dim(x, 0)
        .unsqueeze([0])
        .concat([int(graph, -1, -1)], 0);
      const ones = graph.emit('ConstantOfShape', [int(graph, 3)], { value: tensor('int64', [1]) })[0]!;
      const target = wanted.equal(ones.mul(-1)).where(ones, wanted);
      return graph.emit('Expand', [x.slice(0, 0, 1), target])[0]!;
    });
    expect(shape).toEqual(['batch', 'sequence', 8]);
  });

  it('through floating point, where it is exact', () => {
    const shape = resultOf((x, graph) => {
      const half = graph.emit('Floor', [dim(x, 2).cast('float32').cast('int64').cast('float32')])[0]!.cast('int64');
      return reshape(x, int(graph, -1), half.unsqueeze([0]));
    });
    expect(shape).toEqual(['batch*sequence', 8]);
  });

  it('through products, sums, sizes, ranges and negation', () => {
    expect(
      resultOf((x, graph) =>
        reshape(x, graph.emit('ReduceProd', [x.runtimeShape().slice(0, 0, 2)])[0]!, int(graph, 8)),
      ),
    ).toEqual(['batch*sequence', 8]);
    expect(resultOf((x, graph) => reshape(x, graph.emit('Size', [x])[0]!.unsqueeze([0])))).toEqual([
      '8*batch*sequence',
    ]);
    expect(
      resultOf((x, graph) => {
        const axes = graph.emit('Range', [
          graph.scalar(0, 'int64'),
          graph.scalar(3, 'int64'),
          graph.scalar(1, 'int64'),
        ])[0]!;
        return reshape(x, x.runtimeShape().gather(axes));
      }),
    ).toEqual(['batch', 'sequence', 8]);
    expect(
      resultOf(
        (x, graph) =>
          graph.emit('Slice', [
            x,
            dim(x, 1).sub(dim(x, 1)).unsqueeze([0]),
            dim(x, 1).neg().neg().unsqueeze([0]),
            int(graph, 1),
          ])[0]!,
      ),
    ).toEqual(['batch', 'sequence', 8]);
  });

  it('divides and takes extremes as the runtime does', () => {
    expect(resultOf((x, graph) => reshape(x, int(graph, -1), int(graph, 9).div(2), int(graph, 2)))).toEqual([
      'batch*sequence',
      4,
      2,
    ]);
    expect(resultOf((x, graph) => reshape(x, int(graph, -1), int(graph, 4).maximum(int(graph, 8))))).toEqual([
      'batch*sequence',
      8,
    ]);
  });

  it('is not claimed for tables, whose elements are more than one list', () => {
    const graph = new Graph();
    const row = graph.constant([1, 2], 'int64', [1, 2]);
    const table = row.add(graph.constant([1, 2], 'int64', [2, 1]));
    expect(table.shape).toEqual([2, 2]);
    expect(graph.contents(table)).toBeUndefined();
  });
});
