import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { checkGraph } from './check-graph.js';
import { GraphError } from './errors.js';
import { Graph } from './graph.js';
import { pruneGraph } from './prune-graph.js';

function sample(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch', 2]);
  const unused = graph.input('unused', 'float32', [1]);
  const w = graph.initializer('w', tensor('float32', [1, 2, 3, 4], [2, 2]));
  graph.initializer('dead weight', tensor('float32', [1]));
  unused.exp();
  graph.output(x.matmul(w).tanh(), 'y');
  x.mul(3).sum([0]);
  return graph;
}

describe('pruneGraph', () => {
  it('keeps what the outputs need, under the same names, and leaves the original alone', () => {
    const graph = sample();
    const pruned = pruneGraph(graph);
    expect(pruned.nodes.map(({ op }) => op)).toEqual(['MatMul', 'Tanh', 'Identity']);
    expect(pruned.nodes.map(({ name }) => name)).toEqual(
      graph.nodes.filter(({ op }) => ['MatMul', 'Tanh', 'Identity'].includes(op)).map(({ name }) => name),
    );
    expect(pruned.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...pruned.initializers.keys()].map(({ name }) => name)).toEqual(['w']);
    expect(pruned.outputs.map(({ name, shape }) => [name, shape])).toEqual([['y', ['batch', 2]]]);
    expect(graph.nodes).toHaveLength(6);
    checkGraph(pruned);
  });

  it('keeps unused inputs when they are the interface', () => {
    expect(pruneGraph(sample(), { keepInputs: true }).inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
  });

  it('can be built on', () => {
    const pruned = pruneGraph(sample());
    const y = pruned.find('y').add(pruned.scalar(1)).reshape([-1]);
    expect(y.shape).toEqual(['2*batch']);
    checkGraph(pruned);
  });
});

describe('a copied graph', () => {
  it('gives later nodes names that no copied node has', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['n']);
    graph.output(x.add(1).add(2).add(3).add(4), 'y');
    const pruned = pruneGraph(graph);
    for (let i = 0; i < 12; i++) pruned.inputs[0]!.add(pruned.inputs[0]!);
    const names = pruned.nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('checkGraph', () => {
  it('accepts a graph in order', () => {
    expect(() => checkGraph(sample())).not.toThrow();
  });

  it('refuses a node that reads what comes later', () => {
    const graph = sample();
    graph.nodes.reverse();
    expect(() => checkGraph(graph)).toThrow(/which nothing before it defines/);
  });

  it('refuses a value defined twice', () => {
    const graph = sample();
    graph.nodes.push(graph.nodes[0]!);
    expect(() => checkGraph(graph)).toThrow(/is defined twice/);
  });

  it('refuses an output that nothing defines', () => {
    const graph = sample();
    graph.nodes.pop();
    graph.nodes.splice(
      graph.nodes.findIndex(({ op }) => op === 'Identity'),
      1,
    );
    expect(() => checkGraph(graph)).toThrow(GraphError);
  });

  it('refuses ScatterND with reduction=add, which races', () => {
    const graph = new Graph();
    const [x, i, u] = [
      graph.input('x', 'float32', [3]),
      graph.input('i', 'int64', [2, 1]),
      graph.input('u', 'float32', [2]),
    ];
    graph.output(graph.emit('ScatterND', [x, i, u])[0]!);
    expect(() => checkGraph(graph)).not.toThrow();
    graph.emit('ScatterND', [x, i, u], { reduction: 'add' });
    expect(() => checkGraph(graph)).toThrow('loses updates of repeated indices');
  });
});
