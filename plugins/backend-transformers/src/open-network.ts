import { type Issue, ValidationError } from '@zooid/common';
import { isFloating, type OpenModelWeights, openModelWeights, type StoredTensor } from '@zooid/hub';
import {
  checkpointIssues,
  type DeclaredParameter,
  GraphBuilder,
  matchCheckpoint,
  type PretrainedModel,
  pretrainedModel,
} from '@zooid/nn';
import type { Graph } from '@zooid/onnx';
import type { ModelArtifacts, RunContext } from '@zooid/spec';
import { inferenceGraph } from './inference-graph.js';

/** A network whose weights have been found, and not yet read; dispose of it to close their files. */
export interface OpenNetwork extends AsyncDisposable {
  /** Computes the outputs, with every parameter as an input. */
  readonly graph: Graph;
  /** Where each parameter of the graph is stored. */
  readonly sources: ReadonlyMap<DeclaredParameter, StoredTensor>;
}

/**
 * Builds the network of a model folder from its `config.json` and finds its weights.
 *
 * @throws ValidationError for a config that is not one of our networks', and naming every tensor that is missing, has
 * another shape or type than the config says, or belongs to nothing the network knows.
 * @throws CheckpointError when the weights cannot be read.
 */
export async function openNetwork(
  { config, folder }: Pick<ModelArtifacts, 'config' | 'folder'>,
  { signal }: RunContext = {},
): Promise<OpenNetwork> {
  const network = pretrainedModel(config);
  const builder = new GraphBuilder();
  const graph = inferenceGraph(network, builder);

  const weights = await openModelWeights(folder, signal === undefined ? {} : { signal });
  try {
    return {
      graph,
      sources: findWeights(network, builder.parameters, weights, folder),
      [Symbol.asyncDispose]: () => weights[Symbol.asyncDispose](),
    };
  } catch (error) {
    await weights[Symbol.asyncDispose]();
    throw error;
  }
}

function findWeights(
  network: PretrainedModel,
  declared: readonly DeclaredParameter[],
  { tensors, files }: OpenModelWeights,
  folder: string,
): ReadonlyMap<DeclaredParameter, StoredTensor> {
  const match = matchCheckpoint(declared, tensors, network);
  const vocabulary = match.misshapen.find(({ parameter }) => parameter.name === network.wordTable);
  const issues: Issue[] = [];
  if (vocabulary !== undefined && vocabulary.dims[1] === vocabulary.parameter.shape[1]) {
    const [rows] = vocabulary.dims;
    issues.push({
      path: '',
      message: `config.json has a vocab_size of ${vocabulary.parameter.shape[0]}, but '${network.wordTable}' has ${rows} rows; config and weights belong to different models`,
    });
  }
  issues.push(...checkpointIssues(match));
  for (const name of match.unused) {
    const canonical = network.canonicalName(name);
    if (!network.isSpare(canonical))
      issues.push({ path: '', message: `'${name}' belongs to no part of ${network.architecture}` });
  }
  const sources = new Map<DeclaredParameter, StoredTensor>();
  for (const parameter of declared) {
    const source = match.found.get(parameter.name);
    if (source === undefined) continue;
    const stored = tensors.get(source)!;
    if (isFloating(stored.dtype)) sources.set(parameter, stored);
    else issues.push({ path: '', message: `'${source}' is ${stored.dtype}, the model needs floating point` });
  }
  if (issues.length > 0)
    throw new ValidationError(`${network.architecture} in ${folder} (${files.join(', ')})`, issues);
  return sources;
}
