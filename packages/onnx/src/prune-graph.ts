import { Graph, type GraphNode } from './graph.js';
import type { Value } from './value.js';

export interface PruneOptions {
  /** Keeps inputs that no output needs, as part of the graph's interface. Default false. */
  readonly keepInputs?: boolean;
}

/** A graph with the same outputs that holds only what they need. Names stay; the original is not touched. */
export function pruneGraph(graph: Graph, { keepInputs = false }: PruneOptions = {}): Graph {
  const live = new Set<Value>(graph.outputs);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => live.has(value))) continue;
    nodes.push(node);
    for (const value of node.inputs) if (value !== null) live.add(value);
  }
  const pruned = new Graph(graph.opset, graph.foreign);
  for (const [domain, version] of graph.domains) pruned.domains.set(domain, version);
  const copies = new Map<Value, Value>();
  const copyOf = (value: Value) => copies.get(value)!;
  for (const value of graph.inputs) {
    if (keepInputs || live.has(value)) copies.set(value, pruned.input(value.name, value.dtype, value.shape));
  }
  for (const [value, data] of graph.initializers) {
    if (!live.has(value)) continue;
    copies.set(
      value,
      graph.literals.has(value) ? pruned.literal(value.name, data) : pruned.initializer(value.name, data),
    );
  }
  for (const node of nodes.reverse()) {
    const inputs = node.inputs.map((value) => (value === null ? null : copyOf(value)));
    pruned.copyNode(node, inputs).forEach((copy, i) => {
      copies.set(node.outputs[i]!, copy);
    });
  }
  for (const value of graph.outputs) pruned.output(copyOf(value));
  return pruned;
}
