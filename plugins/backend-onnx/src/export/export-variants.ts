import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import { readManifest, resealModelFolder } from '@zooid/hub';
import { type Graph, GraphError, widenFloat16 } from '@zooid/onnx';
import { createInferencePool, SessionError } from '@zooid/runtime';
import {
  type ModelArtifacts,
  ModelError,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { findVariants, isVariant, type SourceVariant, type Variant, variants } from '../variants.js';
import { floatMatrices, variantRules } from './build-variant.js';
import { compareOutputs, noDifference, type OutputDifference, worse } from './compare-outputs.js';
import { type DraftFiles, draftGraph, readGraph } from './graph-files.js';
import { sampleInputs } from './sample-inputs.js';

/** The graph that forms are made from. */
interface Source {
  readonly variant: SourceVariant;
  /** In float32, however it is stored. */
  readonly graph: Graph;
}

/** What a comparison needs of the source. */
interface Reference extends Source {
  readonly samples: readonly TensorMap[];
  readonly outputs: readonly TensorMap[];
  /** Whether the samples are the model's own examples and not random. */
  readonly isReal: boolean;
}

/** More changed decisions than this share, and than one, are too many where the samples are real. */
const MAX_CHANGED = 0.02;

/** See `ModelBackend.exportVariants`. */
export async function exportVariants(artifacts: ModelArtifacts, request: VariantRequest): Promise<VariantReport[]> {
  const { id, folder } = artifacts;
  const names = checkNames(request.variants);
  if (artifacts.readOnly === true) {
    throw new ModelError(id, `model '${id}': ${folder} is shared with other programs; export into a copy of it`);
  }
  const source = await openSource(artifacts);
  const reference = await openReference(source, artifacts, request);
  const reports: VariantReport[] = [];
  for (const name of names) {
    if (name === source.variant) reports.push(await sourceReport(name, join(folder, 'onnx')));
    else reports.push(await exportVariant(name, reference, artifacts, request));
  }
  if (reports.some(({ variant, accepted }) => accepted && variant !== source.variant)) {
    if ((await readManifest(folder)) !== undefined) await resealModelFolder(folder);
  }
  return reports;
}

function checkNames(requested: readonly string[]): Variant[] {
  return [...new Set(requested)].map((name) => {
    if (!isVariant(name)) throw new UnknownNameError('variant', name, Object.keys(variants));
    return name;
  });
}

async function openSource({ id, folder }: ModelArtifacts): Promise<Source> {
  const { source: variant } = findVariants(folder);
  if (variant === undefined) {
    throw new ModelError(id, `model '${id}': ${folder} has no onnx/${variants.fp32} and no onnx/${variants.fp16}`);
  }
  const file = variants[variant];
  try {
    const graph = await readGraph({ folder: join(folder, 'onnx'), file });
    return { variant, graph: variant === 'fp16' ? widenFloat16(graph) : graph };
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new ModelError(id, `model '${id}': onnx/${file} cannot be rewritten: ${cause.message}`, { cause });
  }
}

async function openReference(
  source: Source,
  { folder, config, id }: ModelArtifacts,
  { samples, signal, onProgress }: VariantRequest,
): Promise<Reference> {
  onProgress?.({ variant: source.variant, step: 'run' });
  const { max_position_embeddings: longest } = config;
  const isReal = samples.length > 0;
  const inputs = isReal ? samples : sampleInputs(source.graph, typeof longest === 'number' ? longest : undefined);
  try {
    const outputs = await runAll(join(folder, 'onnx', variants[source.variant]), inputs, signal);
    return { ...source, samples: inputs, outputs, isReal };
  } catch (cause) {
    if (!(cause instanceof SessionError)) throw cause;
    const what = isReal ? 'its own examples' : 'random inputs';
    throw new ModelError(id, `model '${id}': ${variants[source.variant]} fails on ${what}: ${cause.message}`, {
      cause,
    });
  }
}

async function exportVariant(
  name: Variant,
  reference: Reference,
  { folder }: ModelArtifacts,
  { tolerance = variantRules[name].tolerance, signal, onProgress }: VariantRequest,
): Promise<VariantReport> {
  const step = (step: string) => {
    AbortError.throwIfAborted(signal);
    onProgress?.({ variant: name, step });
  };
  step('build');
  const graph = variantRules[name].build(reference.graph);
  step('write');
  await using draft = await draftGraph(graph, join(folder, 'onnx'), variants[name]);
  step('compare');
  const { refusal, ...difference } = await assess(draft, reference, tolerance, signal);
  if (refusal === undefined) await draft.accept();
  return {
    variant: name,
    file: `onnx/${variants[name]}`,
    sizeBytes: draft.sizeBytes,
    accepted: refusal === undefined,
    ...(refusal !== undefined && { refusal }),
    ...difference,
    tolerance,
    keptFloat: name === 'int8' || name === 'q4' ? floatMatrices(graph) : [],
  };
}

/** Compares a draft with the source and says what speaks against it. */
async function assess(
  { model }: DraftFiles,
  { samples, outputs, isReal }: Reference,
  tolerance: number,
  signal: AbortSignal | undefined,
): Promise<OutputDifference & { readonly refusal?: string }> {
  let actual: readonly TensorMap[];
  try {
    actual = await runAll(model, samples, signal);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    return { ...noDifference, maxDifference: Number.POSITIVE_INFINITY, refusal: `does not run: ${error.message}` };
  }
  const difference = outputs
    .map((expected, i) => compareOutputs(expected, actual[i]!))
    .reduce((a, b) => worse(a, b), noDifference);
  const { relativeDifference, decisions, changedDecisions } = difference;
  if (relativeDifference > tolerance) {
    const found = relativeDifference.toPrecision(2);
    return { ...difference, refusal: `outputs differ by ${found} of their size, more than ${tolerance}` };
  }
  if (isReal && changedDecisions > Math.max(1, MAX_CHANGED * decisions)) {
    return { ...difference, refusal: `${changedDecisions} of ${decisions} decisions change` };
  }
  return difference;
}

async function runAll(
  model: string,
  samples: readonly TensorMap[],
  signal: AbortSignal | undefined,
): Promise<TensorMap[]> {
  await using pool = await createInferencePool({ model, workers: 1, maxQueue: samples.length });
  const context = signal === undefined ? {} : { signal };
  return await Promise.all(samples.map((inputs) => pool.run(inputs, context)));
}

async function sourceReport(variant: SourceVariant, files: string): Promise<VariantReport> {
  const { size } = await stat(join(files, variants[variant]));
  return {
    variant,
    file: `onnx/${variants[variant]}`,
    sizeBytes: size,
    accepted: true,
    ...noDifference,
    tolerance: 0,
    keptFloat: [],
  };
}
