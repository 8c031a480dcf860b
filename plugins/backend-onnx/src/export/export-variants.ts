import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import type { Graph } from '@zooid/onnx';
import {
  type ModelArtifacts,
  ModelError,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import { findVariants, isVariant, type Variant, variants } from '../variants.js';
import { assess } from './assess-variant.js';
import { floatMatrices, variantRules } from './build-variant.js';
import { noDifference } from './compare-outputs.js';
import { type Comparison, openComparison } from './comparison.js';
import { draftGraph, graphBytes } from './graph-files.js';
import { recordVariants } from './record-variants.js';
import { readSource, sourceVariant } from './source-graph.js';

/** See `ModelBackend.exportVariants`. */
export async function exportVariants(artifacts: ModelArtifacts, request: VariantRequest): Promise<VariantReport[]> {
  const { id, folder } = artifacts;
  const names = checkNames(request.variants);
  if (artifacts.readOnly === true) {
    throw new ModelError(id, `model '${id}': ${folder} is shared with other programs; export into a copy of it`);
  }
  const source = sourceVariant(artifacts);
  const graph = await readSource(artifacts, source);
  await using comparison = await openComparison(artifacts, source, async () => graph, request);
  const reports: VariantReport[] = [];
  for (const name of names) {
    reports.push(name === source ? await reportSource(name, comparison) : await exportVariant(name, graph, comparison));
  }
  const written = reports.filter(({ variant, accepted }) => accepted && variant !== source);
  if (written.length > 0) await recordVariants(folder, source, written);
  return reports;
}

/** See `ModelBackend.compareVariants`. */
export async function compareVariants(artifacts: ModelArtifacts, request: VariantRequest): Promise<VariantReport[]> {
  const { id, folder } = artifacts;
  const names = checkNames(request.variants);
  const source = sourceVariant(artifacts);
  const { present } = findVariants(folder);
  const absent = names.find((name) => !present.includes(name));
  if (absent !== undefined) {
    throw new ModelError(id, `model '${id}': ${folder} has no onnx/${variants[absent]}; zooid export writes it`);
  }
  await using comparison = await openComparison(artifacts, source, () => readSource(artifacts, source), request);
  const reports: VariantReport[] = [];
  for (const name of names) {
    progress(name, 'compare', request);
    const file = join(folder, 'onnx', variants[name]);
    const { refusal, ...assessment } = await assess(file, variantRules[name], comparison);
    reports.push(reportOf(name, await graphBytes(file), { ...assessment, keptFloat: [] }, refusal));
  }
  return reports;
}

function checkNames(requested: readonly string[]): Variant[] {
  return [...new Set(requested)].map((name) => {
    if (!isVariant(name)) throw new UnknownNameError('variant', name, Object.keys(variants));
    return name;
  });
}

async function exportVariant(name: Variant, source: Graph, comparison: Comparison): Promise<VariantReport> {
  const { request, artifacts } = comparison;
  progress(name, 'build', request);
  const graph = variantRules[name].build(source);
  progress(name, 'write', request);
  await using draft = await draftGraph(graph, join(artifacts.folder, 'onnx'), variants[name]);
  progress(name, 'compare', request);
  const { refusal, ...assessment } = await assess(draft.model, variantRules[name], comparison);
  if (refusal === undefined) await draft.accept();
  const keptFloat = name === 'int8' || name === 'q4' ? floatMatrices(graph) : [];
  return reportOf(name, draft.sizeBytes, { ...assessment, keptFloat }, refusal);
}

function progress(variant: string, step: string, { signal, onProgress }: VariantRequest): void {
  AbortError.throwIfAborted(signal);
  onProgress?.({ variant, step });
}

async function reportSource(
  variant: Variant,
  { artifacts: { folder }, comparedOn }: Comparison,
): Promise<VariantReport> {
  const bytes = await graphBytes(join(folder, 'onnx', variants[variant]));
  return reportOf(variant, bytes, { ...noDifference, comparedOn, keptFloat: [] }, undefined);
}

function reportOf(
  variant: Variant,
  sizeBytes: number,
  measured: Omit<VariantReport, 'variant' | 'file' | 'sizeBytes' | 'accepted' | 'refusal'>,
  refusal: string | undefined,
): VariantReport {
  return {
    variant,
    file: `onnx/${variants[variant]}`,
    sizeBytes,
    accepted: refusal === undefined,
    ...(refusal !== undefined && { refusal }),
    ...measured,
  };
}
