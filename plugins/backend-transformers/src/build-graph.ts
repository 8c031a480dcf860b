import { AbortError } from '@zooid/common';
import { GraphBuilder, pretrainedModel } from '@zooid/nn';
import type { Graph } from '@zooid/onnx';
import type { ModelArtifacts, RunContext } from '@zooid/spec';
import type { HostTensor } from '@zooid/tensor';
import { inferenceGraph } from './inference-graph.js';
import { openNetwork } from './open-network.js';
import { readParameter } from './read-parameter.js';

/**
 * The inference graph of a model folder with its weights inside, for passes that rewrite it. All weights are in memory
 * then.
 *
 * @throws as {@link openNetwork}, and CheckpointError for weights that are NaN.
 */
export async function buildGraph(
  artifacts: Pick<ModelArtifacts, 'config' | 'folder'>,
  { signal }: RunContext = {},
): Promise<Graph> {
  await using network = await openNetwork(artifacts, signal === undefined ? {} : { signal });
  const weights = new Map<string, HostTensor<'float32'>>();
  for (const [{ name }, stored] of network.sources) {
    AbortError.throwIfAborted(signal);
    weights.set(name, await readParameter(stored));
  }
  return inferenceGraph(pretrainedModel(artifacts.config), new GraphBuilder({ weights }));
}
