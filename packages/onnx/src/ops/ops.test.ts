import type { DType, Shape } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError, ShapeMismatchError } from '../errors.js';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';

/** Inputs named by position, and the graph they are in. */
function inputs(...shapes: readonly Shape[]): { graph: Graph; v: Value[] } {
  const graph = new Graph();
  return { graph, v: shapes.map((shape, i) => graph.input(`x${i}`, 'float32', shape)) };
}

const input = (graph: Graph, dtype: DType, shape: Shape) => graph.input(graph.freshName('extra'), dtype, shape);

// What rules compute for good shapes is tested against the runtime's actual shapes; here is what they refuse.
describe('shape rules refuse', () => {
  it('operands that do not broadcast, naming both shapes', () => {
    const { v } = inputs(['batch', 3], ['batch', 4]);
    expect(() => v[0]!.add(v[1]!)).toThrow('Add expected a shape that broadcasts to [batch, 3], got [batch, 4]');
  });

  it('two different names, unless the graph is foreign', () => {
    const { v } = inputs(['batch', 3], ['sequence', 3]);
    expect(() => v[0]!.mul(v[1]!)).toThrow(ShapeMismatchError);
    const foreign = new Graph(17, true);
    const [a, b] = [foreign.input('a', 'float32', ['batch', 3]), foreign.input('b', 'float32', ['batch_1', 3])];
    expect(a.mul(b).shape).toEqual([expect.stringMatching(/^\?/), 3]);
    expect(() => a.mul(foreign.input('c', 'float32', ['batch', 4]))).toThrow(ShapeMismatchError);
  });

  it('products whose inner dims differ', () => {
    const { v } = inputs(['batch', 'sequence', 256], [255, 3]);
    expect(() => v[0]!.matmul(v[1]!)).toThrow('MatMul expected [256, 3], got [255, 3]');
    expect(() => inputs([], [3]).v[0]!.matmul(v[1]!)).toThrow(GraphError);
    const { graph, v: m } = inputs([2, 3], [4, 3], [2, 3, 1]);
    expect(() => graph.emit('Gemm', [m[0]!, m[1]!])).toThrow('Gemm expected [3, 3], got [4, 3]');
    expect(() => graph.emit('Gemm', [m[0]!, m[2]!])).toThrow('Gemm expected a matrix');
  });

  it('mixed dtypes, saying which value has which', () => {
    const { graph, v } = inputs([2]);
    expect(() => v[0]!.add(input(graph, 'int64', [2]))).toThrow(
      /Add needs inputs of one dtype, got float32 \('x0'\) and int64/,
    );
    expect(() => input(graph, 'int64', [2]).sqrt()).toThrow('Sqrt needs float32 or float16 or float64');
    expect(() => v[0]!.not()).toThrow('Not needs bool');
    expect(() => v[0]!.gather(v[0]!)).toThrow('Gather needs int64 or int32');
    expect(() => v[0]!.where(v[0]!, v[0]!)).toThrow('Where needs bool');
  });

  it('axes that are not there', () => {
    const { v } = inputs([2, 3]);
    expect(() => v[0]!.softmax(2)).toThrow('Softmax has axis 2, but the tensor has 2 axes');
    expect(() => v[0]!.mean([5])).toThrow(GraphError);
    expect(() => v[0]!.concat([v[0]!], -3)).toThrow(GraphError);
    expect(() => v[0]!.transpose([0, 0])).toThrow(ShapeMismatchError);
    expect(() => v[0]!.squeeze([1])).toThrow('Squeeze expected size 1 at axis 1, got [2, 3]');
  });

  it('parts that do not add up', () => {
    const { graph, v } = inputs([2, 5], [3, 4]);
    expect(() => v[0]!.split(1, [2, 2])).toThrow('Split expected 4 along axis 1 for 2 parts [2, 2], got [2, 5]');
    expect(() => graph.emit('Split', [v[0]!], { axis: 1 }, 2)).toThrow(ShapeMismatchError);
    expect(() => v[0]!.concat([v[1]!], 0)).toThrow('Concat expected [3, 5], got [3, 4]');
    expect(() => graph.emit('TopK', [v[0]!, graph.constant([6], 'int64')], {}, 2)).toThrow(
      'TopK expected at least 6 entries',
    );
  });

  it('missing inputs, extra outputs and attributes of the wrong kind', () => {
    const { graph, v } = inputs([2, 3]);
    expect(() => graph.emit('Add', [v[0]!])).toThrow('Add needs an input at position 1, got 1 inputs');
    expect(() => graph.emit('Exp', [v[0]!], {}, 2)).toThrow('Exp has 1 outputs, 2 were asked for');
    expect(() => graph.emit('Softmax', [v[0]!], { axis: 'last' })).toThrow(
      "Attribute 'axis' must be a whole number, got 'last'",
    );
    expect(() => graph.emit('Cast', [v[0]!], { to: 8 })).toThrow('ONNX element type 8 is not supported');
  });

  it('sizes below zero', () => {
    const { graph, v } = inputs([2]);
    expect(() => graph.emit('Pad', [v[0]!, graph.constant([-3, 0], 'int64')])).toThrow('Pad would have a dim of -1');
    expect(() => graph.scalar(0).expand([-2])).toThrow(GraphError);
  });
});

describe('shape rules, where they know less', () => {
  it('give anonymous dims when a target is computed from data', () => {
    const { graph, v } = inputs(['batch', 3]);
    const target = input(graph, 'int64', [2]);
    const y = graph.emit('Reshape', [v[0]!, target])[0]!;
    expect(y.shape).toEqual([expect.stringMatching(/^\?/), expect.stringMatching(/^\?/)]);
    expect(y.add(v[0]!).shape).toEqual(['batch', 3]);
    expect(graph.emit('TopK', [v[0]!, input(graph, 'int64', [1])], {}, 2)[1]!.shape).toEqual([
      'batch',
      expect.any(String),
    ]);
  });

  it('refuse targets of unknown rank', () => {
    const { graph, v } = inputs(['batch', 3]);
    expect(() => graph.emit('Reshape', [v[0]!, input(graph, 'int64', ['rank'])])).toThrow(
      'needs a vector of known length',
    );
    expect(() => graph.emit('Expand', [v[0]!, input(graph, 'int64', [1e12])])).toThrow(GraphError);
  });
});
