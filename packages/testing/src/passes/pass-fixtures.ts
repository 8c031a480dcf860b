import { GraphBuilder, type ModuleContext } from '@zooid/nn';
import { checkGraph, type Graph, pruneGraph, readModel, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, type TensorMap, tensor } from '@zooid/tensor';
import { randomWeights } from '../nn/random-bert.js';

/** An inference graph with random weights inside. */
export function inferenceGraph(
  emit: (context: ModuleContext) => Readonly<Record<string, Value>>,
  weights?: ReadonlyMap<string, HostTensor<'float32'>>,
): Graph {
  const declaring = new GraphBuilder();
  emit(declaring);
  const builder = new GraphBuilder({ weights: weights ?? randomWeights(declaring.parameters) });
  for (const [name, value] of Object.entries(emit(builder))) builder.graph.output(value, name);
  return pruneGraph(builder.graph);
}

/** Runs a graph on those of the feeds that it has inputs for. */
export function runGraph(graph: Graph, feeds: TensorMap): Promise<TensorMap> {
  checkGraph(graph);
  const bytes = writeModel(graph);
  // What is written must be read back as it was: other tools will.
  if (Buffer.compare(writeModel(readModel(bytes)), bytes) !== 0) throw new Error('the graph changes when it is read');
  return runModel(bytes, Object.fromEntries(graph.inputs.map(({ name }) => [name, feeds[name]!])));
}

/** Token ids of ten rows' lengths, padded, for tables of `vocab` and two segments. */
export function tokenFeeds(vocab: number, batch = 3, sequence = 7): TensorMap {
  const rows = (value: (row: number, column: number) => number) =>
    tensor(
      'int64',
      Array.from({ length: batch * sequence }, (_, i) => value(Math.floor(i / sequence), i % sequence)),
      [batch, sequence],
    );
  return {
    input_ids: rows((row, column) => (row * 31 + column * 17 + 3) % vocab),
    attention_mask: rows((row, column) => (column < sequence - 2 * row ? 1 : 0)),
    token_type_ids: rows((row, column) => (row + column) % 2),
  };
}

/** Largest difference between the outputs of two runs, as a share of the largest element of each output, at least 1. */
export function largestDifference(a: TensorMap, b: TensorMap): number {
  let worst = 0;
  for (const [name, { data, dims }] of Object.entries(a)) {
    const other = b[name];
    if (other === undefined || other.dims.join() !== dims.join()) return Number.POSITIVE_INFINITY;
    const [left, right] = [data as Float32Array, other.data as Float32Array];
    const scale = left.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
    left.forEach((x, i) => {
      worst = Math.max(worst, Number.isNaN(right[i]!) ? Number.POSITIVE_INFINITY : Math.abs(x - right[i]!) / scale);
    });
  }
  return worst;
}

/** How many nodes there are of each operator. */
export function opCounts(graph: Graph): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
