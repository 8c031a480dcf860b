import { isDifferentiable } from '@zooid/autodiff';
import { checkGraph, Graph, isOp, readModel, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, type HostTensor, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { opCases } from './cases/index.js';
import { checkGradients } from './gradcheck.js';
import type { OpCase } from './op-case.js';
import { fromTensor } from './reference.js';

const floats = (inputs: OpCase['inputs']) => Object.entries(inputs).filter(([, { dtype }]) => dtype === 'float32');

describe.each(Object.entries(opCases))('%s', (op, cases) => {
  it.each(cases.map((item) => [item.title, item] as const))(
    '%s: computes what the reference does, in the inferred shape',
    async (_, item) => {
      const graph = new Graph();
      const values: Record<string, Value> = {};
      for (const [name, data] of Object.entries(item.inputs))
        values[name] = graph.input(name, data.dtype, item.shapes?.[name] ?? data.dims);
      const outputs = [item.build(values, graph)].flat().map((value, i) => graph.output(value, `y${i}`));
      checkGraph(graph);
      const model = writeModel(graph);
      const results = await runModel(model, item.inputs);
      const expected = [
        item.expected(Object.fromEntries(Object.entries(item.inputs).map(([name, data]) => [name, fromTensor(data)]))),
      ].flat();

      expect(outputs).toHaveLength(expected.length);
      const bindings = new Map<string, number>();
      for (const [name, data] of Object.entries(item.inputs))
        bindDims(bindings, item.shapes?.[name] ?? data.dims, data.dims);
      outputs.forEach((output, i) => {
        const actual = results[output.name]!;
        expect(actual.dtype).toBe(output.dtype);
        expect(actual.dims).toEqual(expected[i]!.dims);
        expect(output.shape.map((dim) => evaluateDim(dim, bindings))).toEqual(actual.dims);
        expect(allClose(asFloat(actual), tensor('float32', expected[i]!.data, expected[i]!.dims))).toBe(true);
      });
      expect(writeModel(readModel(model))).toEqual(model);
    },
  );

  const differentiable = isOp(op) && isDifferentiable(op) ? cases.filter((item) => floats(item.inputs).length > 0) : [];
  it.each(differentiable.map((item) => [item.title, item] as const))(
    '%s: has the gradient of central differences',
    async (_, item) => {
      const wanted = item.differentiate ?? floats(item.inputs).map(([name]) => name);
      const [inputs, constants] = [true, false].map((isWanted) =>
        Object.fromEntries(Object.entries(item.inputs).filter(([name]) => wanted.includes(name) === isWanted)),
      ) as [OpCase['inputs'], OpCase['inputs']];
      const comparisons = await checkGradients({
        inputs,
        constants,
        ...(item.shapes && { shapes: item.shapes }),
        build: (values, graph) => [item.build(values, graph)].flat().filter(({ dtype }) => dtype === 'float32'),
      });
      for (const { input, worst } of comparisons)
        expect(worst, `gradient of ${input}`).toBeLessThan(item.tolerance ?? 1e-3);
    },
  );
});

function asFloat({ dtype, data, dims }: HostTensor): HostTensor<'float32'> {
  return tensor(
    'float32',
    dtype === 'float32' ? (data as Float32Array) : Array.from(data as ArrayLike<number | bigint>, Number),
    dims,
  );
}

function bindDims(bindings: Map<string, number>, shape: readonly (number | string)[], dims: readonly number[]): void {
  shape.forEach((dim, i) => {
    if (typeof dim === 'string') bindings.set(dim, dims[i]!);
  });
}

/** A symbolic dim such as `2*batch*sequence-1` under concrete sizes. */
function evaluateDim(dim: number | string, bindings: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  return [...dim.matchAll(/([+-]?)([^+-]+)/g)].reduce((sum, [, sign, term]) => {
    const factors = term!.split('*').map((factor) => bindings.get(factor) ?? Number(factor));
    return sum + (sign === '-' ? -1 : 1) * factors.reduce((a, b) => a * b, 1);
  }, 0);
}
