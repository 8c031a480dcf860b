import type { Graph, GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { type SelectedNode, type Selection, select, selectionKey, selectionOf, selectThrough } from './selection.js';

export interface SelectEarlyOptions {
  /** Values that are needed as they are, whoever else reads them: outputs to be, the loss. */
  readonly needed: readonly Value[];
  /** Values whose nodes must not be computed in another way, such as those with a gradient of their own. */
  readonly opaque?: (value: Value) => boolean;
}

/**
 * Moves selections towards the inputs: where all that anybody reads of a tensor is the first token, or the rows of
 * masked positions, the operators behind it are computed for these alone, as far back as each row of their result
 * depends on the same row of an input. In a classifier on the first token this leaves a sixth of the last transformer
 * layer, keys and values.
 *
 * Changes `graph` in place, before differentiation; what is no longer needed stays until the graph is pruned.
 */
export function selectEarly(graph: Graph, { needed, opaque = () => false }: SelectEarlyOptions): void {
  const { selected, demands } = planSelections(graph, needed, opaque);
  if (selected.size === 0) return;
  const parts = new Map<string, Value>();
  const partOf = (value: Value, selection: Selection): Value => {
    const key = `${selectionKey(selection)} ${value.name}`;
    const part = parts.get(key) ?? select(value, selection);
    parts.set(key, part);
    return part;
  };

  const old = graph.nodes.splice(0);
  for (const node of old) {
    const plan = selected.get(node);
    if (plan !== undefined) {
      const inputs = node.inputs.map((value, i) => {
        const selection = plan.inputs[i];
        return value === null || selection === undefined ? value : partOf(value, selection);
      });
      const output = node.outputs[0]!;
      parts.set(`${selectionKey(demands.get(output) as Selection)} ${output.name}`, plan.emit(inputs));
    }
    const selection = selectionOf(node, graph);
    const part = selection && parts.get(`${selectionKey(selection)} ${node.inputs[0]!.name}`);
    graph.nodes.push(part === undefined ? node : { ...node, op: 'Identity', inputs: [part], attributes: {} });
  }
}

/** What is read of a value: one selection by all readers, or all of it. */
type Demand = Selection | 'whole';

function planSelections(graph: Graph, needed: readonly Value[], opaque: (value: Value) => boolean) {
  const demands = new Map<Value, Demand>(needed.map((value) => [value, 'whole']));
  const demand = (value: Value, wanted: Demand): void => {
    const known = demands.get(value);
    demands.set(value, known === undefined || sameDemand(known, wanted) ? wanted : 'whole');
  };
  const selected = new Map<GraphNode, SelectedNode>();
  for (const node of graph.nodes.toReversed()) {
    const [first, ...others] = node.outputs.map((value) => demands.get(value));
    if (first === undefined && others.every((wanted) => wanted === undefined)) continue;
    const fixed = first === 'whole' || first === undefined || others.some((wanted) => wanted !== undefined);
    const plan = fixed || node.outputs.some(opaque) ? undefined : selectThrough(node, first);
    if (plan !== undefined) selected.set(node, plan);
    const own = plan === undefined && !node.outputs.some(opaque) ? selectionOf(node, graph) : undefined;
    node.inputs.forEach((value, i) => {
      if (value === null) return;
      if (plan !== undefined) demand(value, plan.inputs[i] ?? 'whole');
      else demand(value, i === 0 && own !== undefined ? own : 'whole');
    });
  }
  return { selected, demands };
}

function sameDemand(a: Demand, b: Demand): boolean {
  if (a === 'whole' || b === 'whole') return a === b;
  return selectionKey(a) === selectionKey(b);
}
