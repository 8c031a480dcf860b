import type { GraphBuilder, PretrainedModel } from '@zooid/nn';
import { type Graph, pruneGraph, selectEarly } from '@zooid/onnx';

/** The graph of a network's outputs. Rows that nobody reads are not computed: of a classifier, most of the last layer. */
export function inferenceGraph(network: PretrainedModel, builder: GraphBuilder): Graph {
  const outputs = Object.entries(network.emit(builder));
  const { graph } = builder;
  selectEarly(graph, { needed: outputs.map(([, value]) => value) });
  for (const [name, value] of outputs) graph.output(value, name);
  return pruneGraph(graph);
}
