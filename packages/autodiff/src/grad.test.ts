import { Graph, GraphError, type Value } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import { stopGradient, withGradient } from './custom-gradient.js';
import { MissingGradientError } from './errors.js';
import { grad } from './grad.js';
import { vjpRules } from './vjp/index.js';

// What gradients are worth is tested with a runtime, in packages/testing; here is what the walker emits and refuses.
const floats = (graph: Graph, ...names: string[]): Value[] =>
  names.map((name) => graph.input(name, 'float32', ['batch', 2]));
const total = (x: Value) => x.sum([0, 1], false);
const opsAfter = (graph: Graph, emit: () => void): string[] => {
  const before = graph.nodes.length;
  emit();
  return graph.nodes.slice(before).map(({ op }) => op);
};

describe('grad', () => {
  it('returns one gradient per value, shaped like it, in order', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    const w = graph.input('w', 'float32', [2, 3]);
    const b = graph.input('b', 'float32', [3]);
    const gradients = grad(graph, x!.matmul(w).add(b).mean([0, 1], false), [b, w]);
    expect(gradients.map(({ dense }) => dense!.shape)).toEqual([[3], [2, 3]]);
    expect(gradients.every(({ rows }) => rows.length === 0)).toBe(true);
  });

  it('gives no part at all for a value that the loss does not depend on', () => {
    const graph = new Graph();
    const [x, y] = floats(graph, 'x', 'y');
    expect(grad(graph, total(x!), [y!])).toEqual([{ rows: [] }]);
  });

  it('gives the gradient of intermediate values and of the loss itself', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    const hidden = x!.exp();
    const loss = total(hidden.square());
    const [atHidden, atLoss, atX] = grad(graph, loss, [hidden, loss, x!]);
    expect(atHidden!.dense!.shape).toEqual(['batch', 2]);
    expect(graph.initializers.get(atLoss!.dense!)!.data).toEqual(Float32Array.of(1));
    expect(atX!.dense!.shape).toEqual(['batch', 2]);
  });

  it('emits nothing for what is frozen', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    const [frozen, head] = [graph.input('frozen', 'float32', [2, 2]), graph.input('head', 'float32', [2, 1])];
    const loss = total(x!.matmul(frozen).tanh().matmul(head));
    // The cotangent of the product, and the head's gradient: a transposed operand and one MatMul.
    expect(opsAfter(graph, () => grad(graph, loss, [head]))).toEqual([
      'Unsqueeze',
      'Shape',
      'Expand',
      'Transpose',
      'MatMul',
    ]);
  });

  it('does not ask operators off the path for a derivative', () => {
    const graph = new Graph();
    const [x, y] = floats(graph, 'x', 'y');
    const product = graph.emit('ReduceProd', [y!], { axes: [1] })[0]!;
    expect(grad(graph, total(x!.mul(product)), [x!])[0]!.dense).toBeDefined();
  });

  it('names the operator without a derivative and the path to it', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    const product = graph.emit('ReduceProd', [x!.exp()], { axes: [1] })[0]!;
    const loss = total(product.tanh());
    const error = caught(() => grad(graph, loss, [x!]));
    expect(error).toBeInstanceOf(MissingGradientError);
    expect((error as MissingGradientError).op).toBe('ReduceProd');
    expect((error as MissingGradientError).path.map((name) => name.split('_')[0])).toEqual([
      'ReduceSum',
      'Tanh',
      'ReduceProd',
    ]);
    expect((error as MissingGradientError).code).toBe('GRAPH_MISSING_GRADIENT');
  });

  it.each([
    ['a vector', (x: Value) => x],
    ['an integer', (x: Value) => x.argMax(1).max([0], false)],
  ])('refuses %s as loss', (_, build) => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    expect(() => grad(graph, build(x!), [x!])).toThrow('A loss is a float scalar');
  });

  it('refuses a loss of another graph', () => {
    const graph = new Graph();
    expect(() => grad(new Graph(), total(floats(graph, 'x')[0]!), [])).toThrow(GraphError);
  });
});

describe('row gradients', () => {
  function lookup() {
    const graph = new Graph();
    const table = graph.input('table', 'float32', [50, 4]);
    const ids = graph.input('ids', 'int64', ['batch', 'sequence']);
    return { graph, table, ids };
  }

  it('keep the rows of a gathered table apart, with their indices', () => {
    const { graph, table, ids } = lookup();
    const [gradient] = grad(graph, table.gather(ids).sum([0, 1, 2], false), [table], { rows: [table] });
    expect(gradient!.dense).toBeUndefined();
    expect(gradient!.rows.map(({ indices, values }) => [indices, values.shape])).toEqual([
      [ids, ['batch', 'sequence', 4]],
    ]);
  });

  it('come beside the dense part of a tied table', () => {
    const { graph, table, ids } = lookup();
    const logits = table.gather(ids).matmul(table.swapLastTwo());
    const [gradient] = grad(graph, logits.sum([0, 1, 2], false), [table], { rows: [table] });
    expect(gradient!.dense!.shape).toEqual([50, 4]);
    expect(gradient!.rows).toHaveLength(1);
  });

  it('are dense where they were not asked for, or the indices are computed', () => {
    const { graph, table, ids } = lookup();
    const loss = table
      .gather(ids)
      .sum([0, 1, 2], false)
      .add(table.gather(ids.add(1)).sum([0, 1, 2], false));
    const [plain] = grad(graph, loss, [table]);
    expect(plain!.dense!.shape).toEqual([50, 4]);
    const [mixed] = grad(graph, loss, [table], { rows: [table], rowIndices: [ids] });
    expect(mixed!.rows.map(({ indices }) => indices)).toEqual([ids]);
    expect(mixed!.dense!.shape).toEqual([50, 4]);
  });

  it('never become a ScatterND, which races', () => {
    const { graph, table, ids } = lookup();
    const ops = opsAfter(graph, () => grad(graph, table.gather(ids).sum([0, 1, 2], false), [table]));
    expect(ops).toContain('ScatterElements');
    expect(ops).not.toContain('ScatterND');
  });
});

describe('the gradient of a weight shared by a batch', () => {
  it('is one product over all rows, in either layout of the weight', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['batch', 'sequence', 8]);
    const w = graph.input('w', 'float32', [16, 8]);
    const loss = x.matmul(w.swapLastTwo()).sum([0, 1, 2], false);
    const ops = opsAfter(graph, () => grad(graph, loss, [w]));
    expect(ops.filter((op) => op === 'MatMul')).toHaveLength(1);
    expect(ops).not.toContain('ReduceSum');
  });
});

describe('custom gradients', () => {
  it('stop where they are told to', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    expect(grad(graph, total(stopGradient(x!).square()), [x!])).toEqual([{ rows: [] }]);
  });

  it('replace the walk through the nodes that made a value', () => {
    const graph = new Graph();
    const [x] = floats(graph, 'x');
    const rounded = withGradient(graph.emit('Floor', [x!])[0]!, { inputs: [x!], vjp: (dy) => [dy] });
    const [gradient] = grad(graph, total(rounded.mul(3)), [x!]);
    expect(gradient!.dense!.producer!.op).toBe('Mul');
  });
});

it('every rule says rule, constant or missing', () => {
  for (const rule of Object.values(vjpRules))
    expect(typeof rule === 'function' || rule === 'constant' || rule === 'missing').toBe(true);
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}
