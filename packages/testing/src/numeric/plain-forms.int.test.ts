import { grad, isDifferentiable } from '@zooid/autodiff';
import { Graph, importGraph, isOp, readModel, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { contribCases } from './cases/contrib.js';
import { fusedCases } from './cases/fused.js';
import type { OpCase } from './op-case.js';

// The fused operators are tested against references in the operator table; here, what import makes of them.
const cases = { ...fusedCases, BiasGelu: contribCases.BiasGelu } as Readonly<Record<string, readonly OpCase[]>>;

describe.each(Object.entries(cases))('%s, imported', (_, items) => {
  it.each(items.map((item) => [item.title, item] as const))(
    '%s: the same in operators with derivatives',
    async (_, item) => {
      const source = new Graph();
      const declare = (graph: Graph): Record<string, Value> =>
        Object.fromEntries(
          Object.entries(item.inputs).map(([name, { dtype, dims }]) => [
            name,
            graph.input(name, dtype, item.shapes?.[name] ?? dims),
          ]),
        );
      [item.build(declare(source), source)].flat().forEach((value, i) => {
        source.output(value, `y${i}`);
      });
      const model = writeModel(source);
      const graph = new Graph();
      const inputs = declare(graph);
      const outputs = importGraph(readModel(model), graph, {
        inputs,
        parameter: ({ name, data, dims }) => graph.initializer(name, tensor('float32', data, dims)),
      });
      expect(graph.nodes.every(({ op }) => isOp(op) && (isDifferentiable(op) || op === 'Shape'))).toBe(true);
      for (const [name, value] of Object.entries(outputs)) graph.output(value, name);
      const loss = outputs.y0!.sum(
        outputs.y0!.shape.map((_, axis) => axis),
        false,
      );
      const floats = Object.values(inputs).filter(({ dtype }) => dtype === 'float32');
      expect(grad(graph, loss, floats).every(({ dense }) => dense !== undefined)).toBe(true);
      const [expected, actual] = [
        await runModel(model, item.inputs),
        await runModel(writeModel(graph), item.inputs, Object.keys(outputs)),
      ];
      for (const name of Object.keys(outputs)) expect(allClose(actual[name]!, expected[name]!), name).toBe(true);
    },
  );
});
