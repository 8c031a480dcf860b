import type { Metrics } from '@zooid/common';
import type { Graph } from '@zooid/onnx';
import { SessionError } from '@zooid/runtime';
import { type ModelArtifacts, ModelError, type VariantReport, type VariantRequest } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { type SourceVariant, variants } from '../variants.js';
import { Reference } from './reference.js';
import { sampleInputs } from './sample-inputs.js';

/** What forms of one model are compared on, and what the source gives for it. */
export interface Comparison extends AsyncDisposable {
  readonly artifacts: ModelArtifacts;
  readonly request: VariantRequest;
  readonly reference: Reference;
  /** Inputs of forward passes; empty where there is an evaluation. */
  readonly samples: readonly TensorMap[];
  readonly comparedOn: VariantReport['comparedOn'];
  /** What the source scores in the evaluation. */
  readonly scores: Metrics | undefined;
  /** Whether each score stands for itself. */
  readonly multiLabel: boolean;
}

/**
 * Runs the source on what forms will be compared on.
 *
 * @param graph Of the source; read when random inputs have to be drawn.
 * @throws ModelError when it fails on them.
 */
export async function openComparison(
  artifacts: ModelArtifacts,
  variant: SourceVariant,
  graph: () => Promise<Graph>,
  request: VariantRequest,
): Promise<Comparison> {
  const { id, config } = artifacts;
  const { evaluation, signal, onProgress } = request;
  const context = signal === undefined ? {} : { signal };
  onProgress?.({ variant, step: 'run' });
  const comparedOn = evaluation !== undefined ? 'evaluation' : request.samples.length > 0 ? 'samples' : 'random';
  const samples =
    comparedOn === 'evaluation'
      ? []
      : comparedOn === 'samples'
        ? request.samples
        : sampleInputs(await graph(), longestOf(config));
  let reference: Reference | undefined;
  try {
    reference = await Reference.open(artifacts, variant);
    const scores = await evaluation?.score(reference.model, context);
    for (const feeds of samples) await reference.answer(feeds, undefined, context);
    return {
      artifacts,
      request,
      reference,
      samples,
      comparedOn,
      scores,
      multiLabel: config.problem_type === 'multi_label_classification',
      [Symbol.asyncDispose]: () => reference![Symbol.asyncDispose](),
    };
  } catch (cause) {
    await reference?.[Symbol.asyncDispose]();
    if (!(cause instanceof SessionError)) throw cause;
    const what = { evaluation: evaluation?.data, samples: 'its own examples', random: 'random inputs' }[comparedOn];
    throw new ModelError(id, `model '${id}': ${variants[variant]} fails on ${what}: ${cause.message}`, { cause });
  }
}

const longestOf = ({ max_position_embeddings: longest }: ModelArtifacts['config']): number | undefined =>
  typeof longest === 'number' ? longest : undefined;
