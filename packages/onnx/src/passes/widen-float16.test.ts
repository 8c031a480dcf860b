import { type HostTensor, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { checkGraph } from '../check-graph.js';
import { dtypeCode } from '../data-types.js';
import { Graph } from '../graph.js';
import { storeFloat16 } from './store-float16.js';
import { widenFloat16 } from './widen-float16.js';

const ops = (graph: Graph) => graph.nodes.map(({ op }) => op);
const stored = (graph: Graph) => Object.fromEntries([...graph.initializers].map(([{ name }, data]) => [name, data]));

describe('widenFloat16', () => {
  it('undoes float16 storage, names included, for weights that float16 can say', () => {
    const graph = new Graph();
    const weight: HostTensor<'float32'> = tensor(
      'float32',
      Float32Array.from({ length: 256 }, (_, i) => (i - 128) / 8),
      [16, 16],
    );
    const w = graph.initializer('w', weight);
    const bias = graph.initializer('b', tensor('float32', new Float32Array(16).fill(1 / 3)));
    graph.output(graph.input('x', 'float32', ['batch', 16]).matmul(w).add(bias), 'y');
    const packed = storeFloat16(graph);
    expect(ops(packed)).toContain('Cast');
    const widened = widenFloat16(packed);
    checkGraph(widened);
    expect(ops(widened)).toEqual(ops(graph));
    expect(stored(widened)).toEqual(stored(graph));
  });

  it('turns a graph that computes in float16 into one that computes in float32', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 2]).cast('float16');
    const counts = graph.input('n', 'int64', ['batch', 2]).cast('float16');
    // 1, 2, 3, 4 as float16
    const w = graph.initializer('w', tensor('float16', [0x3c00, 0x4000, 0x4200, 0x4400], [2, 2]));
    const half = graph.literal('half', tensor('float16', [0x3800], []));
    graph.output(x.matmul(w).mul(half).add(counts), 'y');
    const widened = widenFloat16(graph);
    checkGraph(widened);
    expect(ops(widened)).toEqual(['Cast', 'MatMul', 'Mul', 'Add', 'Identity']);
    expect(widened.nodes[0]!.attributes).toEqual({ to: dtypeCode('float32') });
    expect(stored(widened)).toEqual({
      w: tensor('float32', [1, 2, 3, 4], [2, 2]),
      half: tensor('float32', [0.5], []),
    });
    expect(widened.outputs.map(({ name, dtype }) => [name, dtype])).toEqual([['y', 'float32']]);
  });

  it('refuses what computes with float16 from outside', () => {
    const graph = new Graph();
    const w = graph.initializer('w', tensor('float16', [0x3c00]));
    graph.output(graph.input('x', 'float16', ['batch']).mul(w), 'y');
    expect(() => widenFloat16(graph)).toThrow(/float16/);
  });
});
