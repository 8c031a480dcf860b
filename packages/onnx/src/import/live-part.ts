import { GraphError } from '../errors.js';
import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';

/** One place where a node reads a value; no node: the value is an output of the graph. */
export interface Use {
  readonly node?: GraphNode;
  readonly index: number;
}

/** The part of a graph that some of its outputs need. */
export interface LivePart {
  readonly outputs: readonly Value[];
  /** In execution order. */
  readonly nodes: readonly GraphNode[];
  readonly uses: ReadonlyMap<Value, readonly Use[]>;
}

/** @throws GraphError for a name that is no output. */
export function livePart(graph: Graph, names: readonly string[] | undefined): LivePart {
  const outputs = names?.map((name) => findOutput(graph, name)) ?? graph.outputs;
  const uses = new Map<Value, Use[]>();
  const use = (value: Value, entry: Use) => {
    const known = uses.get(value);
    if (known === undefined) uses.set(value, [entry]);
    else known.push(entry);
  };
  outputs.forEach((value, index) => {
    use(value, { index });
  });
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => uses.has(value))) continue;
    nodes.push(node);
    node.inputs.forEach((value, index) => {
      if (value !== null) use(value, { node, index });
    });
  }
  return { outputs, nodes: nodes.reverse(), uses };
}

function findOutput(graph: Graph, name: string): Value {
  const value = graph.outputs.find((output) => output.name === name);
  if (value !== undefined) return value;
  throw new GraphError(`The graph has no output '${name}'; it has ${graph.outputs.map((o) => o.name).join(', ')}`);
}

/** Where the value is read other than to be copied. */
export function readersOf(value: Value, { uses }: LivePart): readonly Use[] {
  return (uses.get(value) ?? []).filter(({ node }) => node?.op !== 'Identity');
}
