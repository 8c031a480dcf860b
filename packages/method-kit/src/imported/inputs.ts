import { type Graph, intAttribute, type Value } from '@zooid/onnx';

/** Names of the inputs that some outputs of a graph depend on. */
export function inputsOf(graph: Graph, outputs: readonly string[]): ReadonlySet<string> {
  const live = new Set<Value>(graph.outputs.filter(({ name }) => outputs.includes(name)));
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => live.has(value))) continue;
    for (const value of node.inputs) if (value !== null) live.add(value);
  }
  return new Set(graph.inputs.filter((value) => live.has(value)).map(({ name }) => name));
}

/** Rows of the table that `input_ids` are looked up in; `undefined` when they are looked up in none, or in many. */
export function wordTableRows(graph: Graph): number | undefined {
  const ids = new Set<Value>(graph.inputs.filter(({ name }) => name === 'input_ids'));
  const rows = new Set<number>();
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const [table, indices] = inputs;
    if ((op === 'Cast' || op === 'Identity') && ids.has(table!)) ids.add(outputs[0]!);
    if (op !== 'Gather' || !ids.has(indices!) || intAttribute(attributes, 'axis', 0) !== 0) continue;
    const [count] = table!.shape;
    if (table!.rank === 2 && table!.dtype.startsWith('float') && typeof count === 'number') rows.add(count);
  }
  return rows.size === 1 ? [...rows][0] : undefined;
}
