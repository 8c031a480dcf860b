import { type Graph, GraphError, type GraphNode, type Value } from '@zooid/onnx';

export interface StageOptions {
  /** Forward and backward nodes. */
  readonly graph: Graph;
  /** How many of the nodes are forward. */
  readonly forward: number;
  /** Where the network is cut, in order; the last stage is what comes after them. */
  readonly cuts: readonly Value[];
  /** By total cotangent of a cut: the index of the cut. */
  readonly cotangents: ReadonlyMap<Value, number>;
  /** What the program computes in the end. */
  readonly wanted: readonly Value[];
}

/**
 * Which stage computes what. A training step runs stages 0, 1, … forward and keeps only what other stages read; then
 * it runs them backward, last to first, where each computes its inner values again.
 */
export interface Stages {
  /** `undefined` where no stage is bound to compute the value: it depends on inputs and on kept values alone. */
  of(value: Value): number | undefined;
  /** Forward values that are kept for other stages; the cuts are among them. */
  readonly kept: ReadonlySet<Value>;
  /** Backward values that stages below read. */
  readonly handedDown: ReadonlySet<Value>;
}

/** @throws GraphError when something other than float32 would have to pass from stage to stage. */
export function assignStages({ graph, forward, cuts, cotangents, wanted }: StageOptions): Stages {
  const forwardNodes = graph.nodes.slice(0, forward);
  const stages = forwardStages(forwardNodes, cuts);
  const isForward = new Set(forwardNodes.flatMap(({ outputs }) => outputs));
  const kept = new Set(cuts);
  const handedDown = new Set<Value>();

  for (const [i, node] of graph.nodes.entries()) {
    // A backward node reads inner values of one stage, or a cotangent of its result, and runs with the lowest of them.
    if (i < forward) continue;
    const ties = node.inputs.flatMap((value) => {
      if (value === null || (isForward.has(value) && cuts.includes(value))) return [];
      return cotangents.get(value) ?? stages.get(value) ?? [];
    });
    if (ties.length > 0) for (const output of node.outputs) stages.set(output, Math.min(...ties));
  }
  for (const node of liveNodes(graph, wanted)) {
    const own = stages.get(node.outputs[0]!);
    if (own === undefined) continue;
    for (const value of node.inputs) {
      const stage = value === null ? undefined : stages.get(value);
      if (stage === undefined || stage === own) continue;
      (isForward.has(value!) ? kept : handedDown).add(value!);
    }
  }
  const foreign = [...kept, ...handedDown].find(({ dtype }) => dtype !== 'float32');
  if (foreign !== undefined) {
    throw new GraphError(
      `'${foreign.name}' is ${foreign.dtype} and passes from layer to layer; only float32 can be kept for recomputation, so leave recompute off`,
    );
  }
  return { of: (value) => stages.get(value), kept, handedDown };
}

/** A value belongs to the first cut that it is computed for, or to the stage behind all; without a cut before it, to none. */
function forwardStages(nodes: readonly GraphNode[], cuts: readonly Value[]): Map<Value, number> {
  const behindCut = new Set<Value>(cuts);
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((value) => value !== null && behindCut.has(value)))
      for (const value of outputs) behindCut.add(value);
  }
  const stages = new Map<Value, number>();
  const descending = nodes.toReversed();
  cuts.forEach((cut, stage) => {
    const needed = new Set([cut]);
    for (const { inputs, outputs } of descending) {
      if (!outputs.some((value) => needed.has(value))) continue;
      for (const value of outputs) if (behindCut.has(value) && !stages.has(value)) stages.set(value, stage);
      for (const value of inputs) if (value !== null && !stages.has(value)) needed.add(value);
    }
  });
  for (const { outputs } of nodes) {
    for (const value of outputs) if (behindCut.has(value) && !stages.has(value)) stages.set(value, cuts.length);
  }
  return stages;
}

function liveNodes(graph: Graph, wanted: readonly Value[]): GraphNode[] {
  const live = new Set<Value>(wanted);
  return graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((value) => live.has(value))) return false;
    for (const value of inputs) if (value !== null) live.add(value);
    return true;
  });
}
