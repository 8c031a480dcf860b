import { describe, expect, it } from 'vitest';
import { GraphError, ShapeMismatchError } from './errors.js';
import { Graph } from './graph.js';
import { runtimeDim, runtimeShape } from './symbolic.js';
import type { Value } from './value.js';

function tokens(): { graph: Graph; x: Value } {
  const graph = new Graph();
  return { graph, x: graph.input('x', 'float32', ['batch', 'sequence', 256]) };
}

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);
const target = (graph: Graph) => graph.contents(graph.nodes.at(-1)!.inputs[1]!);

describe('reshape', () => {
  it('copies dims that stay in place and needs no computation for them', () => {
    const { graph, x } = tokens();
    const y = x.reshape(['batch', 'sequence', 4, 64]);
    expect(y.shape).toEqual(['batch', 'sequence', 4, 64]);
    expect(ops(graph)).toEqual(['Reshape']);
    expect(target(graph)).toEqual([0, 0, 4, 64]);
  });

  it('infers one symbolic dim', () => {
    const { graph, x } = tokens();
    expect(x.reshape([-1, 256]).shape).toEqual(['batch*sequence', 256]);
    expect(x.reshape(['batch*sequence', 256]).shape).toEqual(['batch*sequence', 256]);
    expect(ops(graph)).toEqual(['Reshape', 'Reshape']);
  });

  it('computes at run time what neither copying nor one -1 can say', () => {
    const { graph, x } = tokens();
    const y = x.reshape([-1, 256]).reshape(['batch', 'sequence', 256]);
    expect(y.shape).toEqual(['batch', 'sequence', 256]);
    expect(ops(graph)).toEqual(['Reshape', 'Shape', 'Gather', 'Reshape', 'Concat', 'Reshape']);
    expect(target(graph)).toEqual(['batch', -1, 256]);
  });

  it('refuses another number of elements', () => {
    const { x } = tokens();
    expect(() => x.reshape(['batch', 'sequence', 255])).toThrow(ShapeMismatchError);
    const small = x.graph.input('y', 'float32', [2, 3]);
    expect(() => small.reshape([7])).toThrow('Reshape expected [7], got [2, 3]');
    expect(() => small.reshape([-1, 4])).toThrow(ShapeMismatchError);
    expect(() => small.reshape([-1, -1])).toThrow(GraphError);
  });

  it('says which dim no value carries', () => {
    const { x } = tokens();
    expect(() => x.reshape(['rows', 'columns'])).toThrow("No value of the graph carries the dim 'rows'");
  });
});

describe('runtimeShape', () => {
  it('is a constant when the shape is static', () => {
    const { graph } = tokens();
    runtimeShape(graph, [2, 3]);
    expect(graph.nodes).toEqual([]);
  });

  it('is the shape of a value that has it', () => {
    const { graph, x } = tokens();
    runtimeShape(graph, ['batch', 'sequence', 256], x);
    expect(ops(graph)).toEqual(['Shape']);
  });

  it('knows its own contents, so that what is built from it has named dims', () => {
    const { graph } = tokens();
    expect(graph.contents(runtimeShape(graph, ['batch', 1, 'sequence-1']))).toEqual(['batch', 1, 'sequence-1']);
    expect(graph.scalar(0).expand(['sequence', 'batch']).shape).toEqual(['sequence', 'batch']);
  });

  it('computes sums and products from the names in them', () => {
    const { graph } = tokens();
    expect(graph.contents(runtimeDim(graph, '2*batch*sequence+3'))).toEqual(['2*batch*sequence+3']);
  });
});
