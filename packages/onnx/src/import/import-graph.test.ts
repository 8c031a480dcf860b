import { type HostTensor, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../errors.js';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { type ImportGraphOptions, importGraph } from './import-graph.js';
import { graphParameters } from './parameters.js';

// What imported graphs compute, and their gradients, are tested on real exports in packages/testing.
const weight = (dims: readonly number[], first = 1): HostTensor<'float32'> => {
  const count = dims.reduce((a, b) => a * b, 1);
  return tensor(
    'float32',
    Array.from({ length: count }, (_, i) => first + i),
    dims,
  );
};

/** A graph as an exporter writes it: `x` `[batch, 2]`. */
function exported(build: (x: Value, graph: Graph) => Value): Graph {
  const graph = new Graph(17, true);
  graph.output(build(graph.input('x', 'float32', ['n', 2]), graph), 'y');
  return graph;
}

function imported(source: Graph, options: Partial<ImportGraphOptions> = {}) {
  const graph = new Graph();
  const parameters: string[] = [];
  const outputs = importGraph(source, graph, {
    inputs: { x: graph.input('x', 'float32', ['batch', 2]) },
    parameter: ({ name, dims }) => {
      parameters.push(name);
      return graph.input(name, 'float32', dims);
    },
    ...options,
  });
  return { graph, parameters, outputs, ops: graph.nodes.map(({ op }) => op) };
}

describe('importGraph', () => {
  it('asks once for every weight and gives the outputs by name, over the dims of the given inputs', () => {
    const source = exported((x, graph) => {
      const w = graph.initializer('dense.weight', weight([2, 3]));
      const b = graph.initializer('dense.bias', weight([3]));
      return x.matmul(w).add(b).mul(b);
    });
    const { parameters, outputs } = imported(source);
    expect(parameters).toEqual(['dense.weight', 'dense.bias']);
    expect(outputs.y!.shape).toEqual(['batch', 3]);
  });

  it('names every node once, whatever the target names its own', () => {
    const source = exported((x) => x.add(1).mul(2).swapLastTwo());
    const { graph, outputs } = imported(source);
    importGraph(source, graph, { inputs: { x: graph.inputs[0]! }, parameter: () => expect.unreachable() });
    outputs.y!.swapLastTwo().add(1).mul(2);
    const names = graph.nodes.map(({ name }) => name);
    expect(names).toHaveLength(8);
    expect(new Set(names).size).toBe(names.length);
    for (const { op, name } of source.nodes) if (op !== 'Identity') expect(names).toContain(name);
  });

  it('emits only what the wanted outputs need', () => {
    const source = exported((x, graph) => {
      graph.output(x.mul(graph.initializer('other', weight([2]))), 'z');
      return x.mul(graph.initializer('mine', weight([2])));
    });
    const { parameters, outputs } = imported(source, { outputs: ['y'] });
    expect(parameters).toEqual(['mine']);
    expect(Object.keys(outputs)).toEqual(['y']);
    expect(() => imported(source, { outputs: ['w'] })).toThrow("The graph has no output 'w'; it has z, y");
  });

  it('keeps what belongs to formulas as constants: scalars, Constant nodes, masks', () => {
    const source = exported((x, graph) => {
      const scalar = graph.initializer('eps', tensor('float32', [0.5], []));
      const literal = graph.literal('/Constant_output_0', weight([2]));
      const mask = graph.initializer('mask', tensor('float32', [0, -1e4], [2]));
      const infinite = graph.initializer('other_mask', tensor('float32', [0, -Infinity], [2]));
      return x.mul(scalar).add(literal).add(mask).add(infinite);
    });
    const { parameters, graph } = imported(source);
    expect(parameters).toEqual([]);
    expect([...graph.initializers.values()].map(toNumbers)).toEqual([[0.5], [1, 2], [0, -1e4], [0, -Infinity]]);
    expect(imported(source, { isParameter: (name) => name === 'eps' }).parameters).toEqual(['eps']);
  });

  it('keeps integers that no number of this language holds', () => {
    const source = exported((x, graph) => {
      const end = graph.initializer('end', { dtype: 'int64', dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) });
      return graph.emit('Slice', [x, graph.constant([1], 'int64'), end, graph.constant([1], 'int64')])[0]!;
    });
    const { graph, outputs } = imported(source);
    expect(outputs.y!.shape).toEqual(['batch', 1]);
    expect([...graph.initializers.values()].map(({ data }) => data)).toContainEqual(BigInt64Array.of(2n ** 63n - 1n));
  });

  it('computes in single precision what was exported in half', () => {
    const graph = new Graph(17, true);
    const x = graph.input('x', 'float16', ['n', 2]);
    const w = graph.initializer('w', tensor('float16', [0x3c00, 0xc000], [2]));
    const filled = graph.emit('ConstantOfShape', [x.runtimeShape()], { value: tensor('float16', [0x3800]) })[0]!;
    graph.output(x.mul(w).add(filled).add(x.cast('float32').cast('float16')), 'y');
    const { outputs, parameters, graph: target } = imported(graph);
    expect(outputs.y!.dtype).toBe('float32');
    expect(parameters).toEqual(['w']);
    expect(graphParameters(graph)[0]!.data).toEqual(Float32Array.of(1, -2));
    expect(target.nodes.find(({ op }) => op === 'ConstantOfShape')!.attributes.value).toEqual(tensor('float32', [0.5]));
  });

  it('leaves dropout out unless it was exported in training mode and someone wants it', () => {
    const training = (mode: number) =>
      exported((x, graph) => {
        const ratio = graph.initializer('ratio', tensor('float32', [0.25], []));
        const flag = graph.initializer('flag', tensor('bool', [mode], []));
        return graph.emit('Dropout', [x, ratio, flag])[0]!.exp();
      });
    const rates: number[] = [];
    const dropout = (x: Value, rate: number) => {
      rates.push(rate);
      return x.mul(2);
    };
    expect(imported(training(1)).ops).toEqual(['Exp']);
    expect(imported(training(0), { dropout }).ops).toEqual(['Exp']);
    expect(imported(training(1), { dropout }).ops).toEqual(['Mul', 'Exp']);
    expect(rates).toEqual([0.25]);
  });

  it('casts integer inputs to the width of the export', () => {
    const source = new Graph(17, true);
    const ids = source.input('ids', 'int32', ['n']);
    source.output(source.initializer('table', weight([4, 2])).gather(ids), 'y');
    const graph = new Graph();
    const parameter: ImportGraphOptions['parameter'] = ({ name, dims }) => graph.input(name, 'float32', dims);
    importGraph(source, graph, { inputs: { ids: graph.input('ids', 'int64', ['batch']) }, parameter });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Cast', 'Gather']);
    const other = new Graph();
    expect(() =>
      importGraph(source, other, { inputs: { ids: other.input('ids', 'float32', ['batch']) }, parameter }),
    ).toThrow("Input 'ids' is int32 and was given as float32");
  });

  it('says what is missing or does not fit', () => {
    const source = exported((x, graph) => x.matmul(graph.initializer('w', weight([2, 3]))));
    const parameter: ImportGraphOptions['parameter'] = () => new Graph().input('w', 'float32', [3, 2]);
    expect(() => imported(source, { inputs: {} })).toThrow("needs the input 'x' (float32 [n, 2]); it was not given");
    const graph = new Graph();
    const inputs = { x: graph.input('x', 'float32', ['batch', 3]) };
    expect(() => importGraph(source, graph, { inputs, parameter })).toThrow(
      "Input 'x' was exported as [n, 2] and given as [batch, 3]",
    );
    expect(() => imported(source, { parameter })).toThrow(
      "The parameter 'w' must be float32 [2, 3], got float32 [3, 2]",
    );
    const good = new Graph();
    const stranger = { x: good.input('x', 'float32', ['batch', 2]), z: good.input('z', 'float32', [1]) };
    expect(() => importGraph(source, good, { inputs: stranger, parameter })).toThrow("has no input 'z'; it has x");
  });

  it('names the node that cannot take the shapes it meets', () => {
    const source = new Graph(17, true);
    const [x, z] = [source.input('x', 'float32', ['n', 2]), source.input('z', 'float32', ['m', 2])];
    source.output(source.emit('Add', [x, z], {}, ['y'], '', '/block/Add')[0]!);
    const graph = new Graph();
    const inputs = { x: graph.input('x', 'float32', ['batch', 2]), z: graph.input('z', 'float32', ['other', 2]) };
    const run = () => importGraph(source, graph, { inputs, parameter: () => inputs.x });
    expect(run).toThrow(GraphError);
    expect(run).toThrow("Node '/block/Add' of the imported graph: Add expected a shape that broadcasts to [batch, 2]");
  });
});
