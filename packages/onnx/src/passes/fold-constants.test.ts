import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { checkGraph } from '../check-graph.js';
import { Graph } from '../graph.js';
import { foldConstants } from './fold-constants.js';

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);
const large = (rows: number, columns: number) =>
  tensor(
    'float32',
    Float32Array.from({ length: rows * columns }, (_, i) => i),
    [rows, columns],
  );

describe('foldConstants', () => {
  it('computes nodes of constants, keeps names of inputs and outputs, and leaves the original alone', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 2]);
    graph.input('unused', 'float32', [1]);
    const w = graph.initializer('w', tensor('float32', [1, 2, 3, 4, 5, 6], [3, 2]));
    const scale = graph.scalar(64, 'int64').cast('float32').sqrt();
    graph.output(x.matmul(w.swapLastTwo()).div(scale), 'y');
    const folded = foldConstants(graph);
    checkGraph(folded);
    expect(ops(folded)).toEqual(['MatMul', 'Div', 'Identity']); // Identity names the output
    expect(folded.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
    expect(folded.outputs.map(({ name }) => name)).toEqual(['y']);
    const [product, quotient] = folded.nodes;
    expect(folded.initializers.get(product!.inputs[1]!)).toEqual(tensor('float32', [1, 3, 5, 2, 4, 6], [2, 3]));
    expect(folded.initializers.get(quotient!.inputs[1]!)).toEqual(tensor('float32', [8], []));
    expect(graph.nodes).toHaveLength(6);
  });

  it('does float arithmetic with broadcasting', () => {
    const graph = new Graph();
    const column = graph.initializer('c', tensor('float32', [1, 2], [2, 1]));
    const row = graph.initializer('r', tensor('float32', [10, 20, 30]));
    const x = graph.input('x', 'float32', [2, 3]);
    graph.output(x.add(column.mul(row).sub(1)), 'y');
    const folded = foldConstants(graph);
    expect(ops(folded)).toEqual(['Add', 'Identity']);
    expect(folded.initializers.get(folded.nodes[0]!.inputs[1]!)).toEqual(
      tensor('float32', [9, 19, 29, 19, 39, 59], [2, 3]),
    );
  });

  it('transposes as the runtime does', () => {
    const graph = new Graph();
    const w = graph.initializer(
      'w',
      tensor(
        'float32',
        Float32Array.from({ length: 24 }, (_, i) => i),
        [2, 3, 4],
      ),
    );
    graph.output(graph.input('x', 'float32', [4, 2, 3]).add(w.transpose([2, 0, 1])), 'y');
    const folded = foldConstants(graph);
    const result = folded.initializers.get(folded.nodes[0]!.inputs[1]!)!;
    expect(result.dims).toEqual([4, 2, 3]);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 2; j++)
        for (let k = 0; k < 3; k++) expect(result.data[i * 6 + j * 3 + k]).toBe(j * 12 + k * 4 + i);
  });

  it('says computed reshapes in constants where zeros and one -1 do', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 'sequence', 12]);
    const part = (axis: number) => x.runtimeShape().gather(graph.constant([axis], 'int64'));
    const target = part(0).concat([part(1), graph.constant([3, 4], 'int64')], 0);
    graph.output(graph.emit('Reshape', [x, target])[0]!, 'heads');
    const swapped = part(1).concat([part(0), graph.constant([12], 'int64')], 0);
    graph.output(graph.emit('Reshape', [x, swapped])[0]!, 'swapped');
    const folded = foldConstants(graph);
    const [heads] = folded.nodes.filter(({ op }) => op === 'Reshape');
    expect([...folded.initializers.get(heads!.inputs[1]!)!.data]).toEqual([0n, 0n, 3n, 4n]);
    expect(folded.outputs.map(({ shape }) => shape)).toEqual([
      ['batch', 'sequence', 3, 4],
      ['sequence', 'batch', 12],
    ]);
    // Two dims that stand elsewhere must still be computed.
    expect(ops(folded)).toContain('Concat');
  });

  it('does not store a shared weight twice', () => {
    const graph = new Graph();
    const table = graph.initializer('table', large(64, 32));
    const ids = graph.input('ids', 'int64', ['batch']);
    const states = table.gather(ids);
    graph.output(states.matmul(table.swapLastTwo()), 'scores');
    expect(ops(foldConstants(graph))).toContain('Transpose');
  });

  it('stores a weight that several layers transpose alike once', () => {
    const graph = new Graph();
    const w = graph.initializer('w', large(40, 40));
    const x = graph.input('x', 'float32', ['batch', 40]);
    graph.output(x.matmul(w.swapLastTwo()).matmul(w.swapLastTwo()), 'y');
    const folded = foldConstants(graph);
    expect(ops(folded)).toEqual(['MatMul', 'MatMul', 'Identity']);
    expect(folded.initializers.size).toBe(1);
  });

  it('leaves what would grow, and constants that are outputs themselves', () => {
    const graph = new Graph();
    const column = graph.initializer('c', large(200, 1));
    const row = graph.initializer('r', large(1, 200));
    graph.output(column.mul(row), 'outer');
    const one = graph.initializer('one', tensor('float32', [1]));
    graph.output(graph.emit('Identity', [one], {}, ['copy'])[0]!);
    const folded = foldConstants(graph);
    checkGraph(folded);
    expect(ops(folded)).toContain('Mul');
    expect(folded.outputs.map(({ name }) => name)).toEqual(['outer', 'copy']);
  });
});
