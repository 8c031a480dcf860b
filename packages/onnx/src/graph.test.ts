import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError, UnsupportedOpError } from './errors.js';
import { Graph } from './graph.js';
import type { Op } from './ops/index.js';

describe('Graph', () => {
  it('stores equal constants once and tells -0 from 0', () => {
    const graph = new Graph();
    expect(graph.scalar(2)).toBe(graph.scalar(2));
    expect(graph.constant([1, 2], 'int64')).toBe(graph.constant([1, 2], 'int64'));
    expect(graph.scalar(0)).not.toBe(graph.scalar(-0));
    expect(graph.constant([2], 'float32', [1])).not.toBe(graph.scalar(2));
    expect(graph.initializers.size).toBe(5);
  });

  it('refuses a name twice, and the empty name', () => {
    const graph = new Graph();
    graph.input('x', 'float32', [1]);
    expect(() => graph.input('x', 'float32', [1])).toThrow("already has a value named 'x'");
    expect(() => graph.initializer('x', tensor('float32', [1]))).toThrow(GraphError);
    expect(() => graph.input('', 'float32', [1])).toThrow(GraphError);
  });

  it('renames an output through Identity and refuses one output twice', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch']);
    const y = x.exp();
    expect(graph.output(y, 'y').name).toBe('y');
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Exp', 'Identity']);
    graph.output(y);
    expect(() => graph.output(y)).toThrow('is an output of the graph already');
  });

  it('refuses operators it does not know and operators of the wrong domain', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1]);
    expect(() => graph.emit('FooBar' as Op, [x])).toThrow(UnsupportedOpError);
    expect(() => graph.emit('Relu', [x], {}, 1, 'com.microsoft')).toThrow(
      "Operator 'com.microsoft.Relu' is not in the operator table",
    );
  });

  it('refuses a value of another graph', () => {
    const stranger = new Graph().input('stranger', 'float32', [1]);
    const graph = new Graph();
    expect(() => graph.input('x', 'float32', [1]).add(stranger)).toThrow(
      "Add was given 'stranger', which belongs to another graph",
    );
  });

  it('finds values by name', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1]);
    expect(graph.find('x')).toBe(x);
    expect(() => graph.find('y')).toThrow("no value named 'y'");
  });

  it('gives back the source when a transposition is undone', () => {
    const x = new Graph().input('x', 'float32', [2, 3, 4]);
    expect(x.transpose([2, 0, 1]).transpose([1, 2, 0])).toBe(x);
    expect(x.swapLastTwo().swapLastTwo()).toBe(x);
    expect(x.transpose([2, 0, 1]).transpose([2, 0, 1]).shape).toEqual([3, 4, 2]);
  });

  it('folds shape arithmetic, so that reshapes by computed shapes keep their names', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 'sequence', 8]);
    const shape = x.runtimeShape();
    const heads = shape.gather(graph.constant([2], 'int64')).div(2);
    const target = shape.slice(0, 0, 2).concat([graph.constant([2], 'int64'), heads], 0);
    expect(graph.contents(target)).toEqual(['batch', 'sequence', 2, 4]);
    expect(graph.emit('Reshape', [x, target])[0]!.shape).toEqual(['batch', 'sequence', 2, 4]);
  });
});
