import { Graph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { toNumbers } from '@zooid/tensor';
import type { GradientCheckOptions } from './gradcheck.js';

/** Builds one value of the inputs and constants, runs it, and returns its numbers. */
export async function evaluateBuild({ inputs, constants, shapes, build }: GradientCheckOptions): Promise<number[]> {
  const graph = new Graph();
  const feeds = { ...inputs, ...constants };
  const values = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, dims }]) => [name, graph.input(name, dtype, shapes?.[name] ?? dims)]),
  );
  graph.output(build(values, graph) as Value, 'y');
  return toNumbers((await runModel(writeModel(graph), feeds)).y!);
}
