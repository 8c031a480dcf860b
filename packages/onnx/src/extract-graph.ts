import type { Graph, GraphNode } from './graph.js';
import type { Value } from './value.js';

export interface ExtractedGraph {
  readonly graph: Graph;
  /** What each input of `graph` stands for in the source, in order. */
  readonly inputs: readonly Value[];
}

/**
 * The part of a graph that computes `outputs` from its inputs and from values that are `given`, as a graph of its own.
 * Names depend on its structure alone, so that equal parts (the layers of an encoder) become equal models.
 *
 * @param outputs values of `source`; output i of the result is value i, also where one stands twice.
 */
export function extractGraph(
  source: Graph,
  outputs: readonly Value[],
  given: ReadonlySet<Value> = new Set(),
): ExtractedGraph {
  const live = new Set(outputs.filter((value) => !given.has(value)));
  const nodes: GraphNode[] = [];
  for (const node of source.nodes.toReversed()) {
    if (!node.outputs.some((value) => live.has(value))) continue;
    nodes.push(node);
    for (const value of node.inputs) if (value !== null && !given.has(value)) live.add(value);
  }

  const graph = source.derive();
  const inputs: Value[] = [];
  const copies = new Map<Value, Value>();
  let constants = 0;
  const copyOf = (value: Value): Value => {
    let copy = copies.get(value);
    if (copy === undefined) {
      const data = source.initializers.get(value);
      if (data !== undefined) {
        copy = graph.literal(`c${constants++}`, data);
      } else {
        copy = graph.input(`i${inputs.length}`, value.dtype, value.shape);
        inputs.push(value);
      }
      copies.set(value, copy);
    }
    return copy;
  };
  nodes.reverse().forEach((node, i) => {
    const operands = node.inputs.map((value) => (value === null ? null : copyOf(value)));
    const names = node.outputs.map((_, j) => `v${i}.${j}`);
    graph.copyNode(node, operands, names, `n${i}`).forEach((copy, j) => {
      // An output that is given as well is read as given, so that both sides see the same bits.
      if (!given.has(node.outputs[j]!)) copies.set(node.outputs[j]!, copy);
    });
  });
  outputs.forEach((value, i) => {
    // Through Identity, since an input may not be an output and no value may be two.
    graph.output(graph.emit('Identity', [copyOf(value)], {}, [`o${i}`], '', `r${i}`)[0]!);
  });
  return { graph, inputs };
}
