import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import { readManifest, resealModelFolder } from '@zooid/hub';
import { type Graph, GraphError } from '@zooid/onnx';
import { createInferencePool, SessionError } from '@zooid/runtime';
import {
  type ModelArtifacts,
  ModelError,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { isVariant, type Variant, variants } from '../variants.js';
import { type DerivedVariant, floatMatrices, isDerivedVariant, variantRules } from './build-variant.js';
import { compareOutputs, noDifference, type OutputDifference, worse } from './compare-outputs.js';
import { type DraftFiles, draftGraph, readGraph } from './graph-files.js';
import { sampleInputs } from './sample-inputs.js';

/** What a comparison needs of the plain graph. */
interface Reference {
  readonly graph: Graph;
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
  const files = join(folder, 'onnx');
  const plain = await openPlain(artifacts);
  const reference = await openReference(plain, artifacts, request);
  const reports: VariantReport[] = [];
  for (const name of names) {
    if (isDerivedVariant(name)) reports.push(await exportVariant(name, reference, artifacts, request));
    else reports.push(await plainReport(files));
  }
  if (reports.some(({ variant, accepted }) => accepted && variant !== 'fp32')) {
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

async function openPlain({ id, folder }: ModelArtifacts): Promise<Graph> {
  try {
    return await readGraph({ folder: join(folder, 'onnx'), file: variants.fp32 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ModelError(id, `model '${id}': ${folder} has no onnx/${variants.fp32}`, { cause });
    if (!(cause instanceof GraphError)) throw cause;
    throw new ModelError(id, `model '${id}': onnx/${variants.fp32} cannot be rewritten: ${cause.message}`, { cause });
  }
}

async function openReference(
  graph: Graph,
  { folder, config, id }: ModelArtifacts,
  { samples, signal, onProgress }: VariantRequest,
): Promise<Reference> {
  onProgress?.({ variant: 'fp32', step: 'run' });
  const { max_position_embeddings: longest } = config;
  const isReal = samples.length > 0;
  const inputs = isReal ? samples : sampleInputs(graph, typeof longest === 'number' ? longest : undefined);
  try {
    const outputs = await runAll(join(folder, 'onnx', variants.fp32), inputs, signal);
    return { graph, samples: inputs, outputs, isReal };
  } catch (cause) {
    if (!(cause instanceof SessionError)) throw cause;
    const what = isReal ? 'its own examples' : 'random inputs';
    throw new ModelError(id, `model '${id}': the plain graph fails on ${what}: ${cause.message}`, { cause });
  }
}

async function exportVariant(
  name: DerivedVariant,
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

/** Runs a draft beside the plain graph and says what speaks against it. */
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

async function plainReport(files: string): Promise<VariantReport> {
  const { size } = await stat(join(files, variants.fp32));
  return {
    variant: 'fp32',
    file: `onnx/${variants.fp32}`,
    sizeBytes: size,
    accepted: true,
    ...noDifference,
    tolerance: 0,
    keptFloat: [],
  };
}
