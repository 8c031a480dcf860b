import { GraphError } from './errors.js';
import type { Graph } from './graph.js';
import type { Value } from './value.js';

/**
 * Checks what every graph must satisfy: names are unique (SSA), every node reads what exists before it, outputs exist.
 * Refuses `ScatterND` with `reduction = add`: onnxruntime loses updates of repeated indices when it runs with several
 * threads, silently.
 *
 * @throws GraphError naming the node.
 */
export function checkGraph(graph: Graph): void {
  const defined = new Set<Value>();
  const names = new Set<string>();
  const define = (value: Value, by: string) => {
    if (names.has(value.name)) throw new GraphError(`'${value.name}' is defined twice, the second time by ${by}`);
    names.add(value.name);
    defined.add(value);
  };
  for (const value of graph.inputs) define(value, 'the inputs');
  for (const value of graph.initializers.keys()) define(value, 'the initializers');
  for (const node of graph.nodes) {
    for (const value of node.inputs) {
      if (value !== null && !defined.has(value))
        throw new GraphError(`Node '${node.name}' (${node.op}) reads '${value.name}', which nothing before it defines`);
    }
    if (node.op === 'ScatterND' && node.attributes.reduction === 'add') {
      throw new GraphError(
        `Node '${node.name}' is ScatterND with reduction=add, which loses updates of repeated indices under threads; use ScatterElements`,
      );
    }
    for (const value of node.outputs) define(value, `node '${node.name}'`);
  }
  for (const value of graph.outputs) {
    if (!defined.has(value)) throw new GraphError(`Output '${value.name}' is defined by nothing in the graph`);
  }
}
