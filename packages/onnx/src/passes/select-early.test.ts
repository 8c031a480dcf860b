import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.js';
import { pruneGraph } from '../prune-graph.js';
import type { Value } from '../value.js';
import { type SelectEarlyOptions, selectEarly } from './select-early.js';

/** Two row-wise layers with a residual and a mask on `x` `[batch, sequence, 8]`. */
function states(graph: Graph): Value {
  const x = graph.input('x', 'float32', ['batch', 'sequence', 8]);
  const mask = graph.input('mask', 'float32', ['batch', 'sequence', 8]);
  const weight = graph.input('weight', 'float32', [8, 8]);
  const bias = graph.input('bias', 'float32', [8]);
  const inner = x.matmul(weight).add(bias).gelu().mul(mask);
  return inner.add(x).layerNormalization(bias, bias, 1e-5);
}

/** Attention of `x` to itself, heads of width 4. */
function attention(graph: Graph, x: Value): Value {
  const weight = graph.input('projection', 'float32', [8, 8]);
  const heads = x.matmul(weight).reshape(['batch', 'sequence', 2, 4]).transpose([0, 2, 1, 3]);
  const keys = x.matmul(weight.swapLastTwo()).reshape(['batch', 'sequence', 2, 4]).transpose([0, 2, 1, 3]);
  const bias = graph.input('bias2', 'float32', ['batch', 1, 1, 'sequence']);
  const scores = heads.matmul(keys.swapLastTwo()).mul(0.5).add(bias).softmax();
  return scores.matmul(keys).transpose([0, 2, 1, 3]).reshape(['batch', 'sequence', 8]).add(x);
}

const firstToken = (x: Value) => x.slice(1, 0, 1).squeeze([1]);

/** `op [shape]` of every node that is left. */
function compiled(graph: Graph, result: Value, options: Partial<SelectEarlyOptions> = {}): string[] {
  selectEarly(graph, { needed: [result], ...options });
  graph.output(result);
  return pruneGraph(graph).nodes.map(({ op, outputs }) => `${op} [${outputs[0]!.shape}]`);
}

describe('selecting early', () => {
  it('computes rows that only the first token is read of for the first token alone', () => {
    const graph = new Graph();
    expect(compiled(graph, firstToken(states(graph)))).toEqual([
      'Slice [batch,1,8]', // of x, once for the product and the residual
      'MatMul [batch,1,8]',
      'Add [batch,1,8]',
      'Gelu [batch,1,8]',
      'Slice [batch,1,8]', // of the mask
      'Mul [batch,1,8]',
      'Add [batch,1,8]',
      'LayerNormalization [batch,1,8]',
      'Identity [batch,1,8]',
      'Squeeze [batch,8]',
    ]);
  });

  it('keeps keys and values of an attention whole', () => {
    const graph = new Graph();
    const ops = compiled(graph, firstToken(attention(graph, states(graph))));
    expect(ops.filter((op) => op.startsWith('MatMul'))).toEqual([
      'MatMul [batch,sequence,8]', // the layer below: keys need all of it
      'MatMul [batch,1,8]', // queries
      'MatMul [batch,sequence,8]', // keys and values
      'MatMul [batch,2,1,sequence]',
      'MatMul [batch,2,1,4]',
    ]);
    expect(ops.filter((op) => op.startsWith('Softmax'))).toEqual(['Softmax [batch,2,1,sequence]']);
    expect(ops.filter((op) => op.startsWith('Slice'))).toHaveLength(1);
  });

  it('computes what stands before gathered rows for these rows alone, up to the attention', () => {
    const graph = new Graph();
    const x = graph.input('y', 'float32', ['batch', 'sequence', 8]);
    const attended = attention(graph, x).matmul(graph.input('w', 'float32', [8, 8]));
    const positions = graph.input('positions', 'int64', ['masked']);
    const ops = compiled(graph, attended.reshape([-1, 8]).gather(positions));
    expect(ops.slice(-8)).toEqual([
      'Reshape [batch*sequence,2,4]',
      'Gather [masked,2,4]', // of the attended values
      'Reshape [masked,8]',
      'Reshape [batch*sequence,8]',
      'Gather [masked,8]', // of the residual
      'Add [masked,8]',
      'MatMul [masked,8]',
      'Identity [masked,8]',
    ]);
  });

  it('leaves alone what is read as a whole, needed, opaque or selected in two ways', () => {
    const whole = (build: (x: Value) => Value, options: (x: Value) => Partial<SelectEarlyOptions> = () => ({})) => {
      const graph = new Graph();
      const x = states(graph);
      return compiled(graph, build(x), options(x)).includes('MatMul [batch,sequence,8]');
    };
    expect(whole(firstToken)).toBe(false);
    expect(whole((x) => firstToken(x).add(x.mean([1], false)))).toBe(true);
    expect(whole((x) => firstToken(x).add(x.slice(1, 1, 2).squeeze([1])))).toBe(true);
    expect(whole(firstToken, (x) => ({ opaque: (value) => value === x }))).toBe(true);
    const graph = new Graph();
    const x = states(graph);
    const first = firstToken(x);
    selectEarly(graph, { needed: [first, x] });
    expect(graph.nodes.some(({ op }) => op === 'Identity')).toBe(false);
  });

  it('does not touch gathers from tables', () => {
    const graph = new Graph();
    const table = graph.input('table', 'float32', [10, 8]);
    const rows = table.gather(graph.input('ids', 'int64', ['n']));
    expect(compiled(graph, rows)).toEqual(['Gather [n,8]']);
  });
});
