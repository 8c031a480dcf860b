import { access, constants, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { ModelArtifacts, VariantReport } from '@zooid/spec';
import type { Kernel } from '../kernel.js';
import { ensureSource, findExporter } from '../variants/exporter.js';
import { type ComparisonBasis, type ComparisonOptions, prepareComparison } from '../variants/prepare-comparison.js';
import { copyModel } from './copy-model.js';

export interface ExportOptions extends ComparisonOptions {
  readonly variants: readonly string[];
  /** Folder for a copy of the model, which gets the variants; must be new or empty. Default: the model's own folder. */
  readonly output?: string;
}

/** What an export has written, and how it compares. */
export interface ModelExport extends ComparisonBasis {
  readonly model: string;
  /** Where the variants are. */
  readonly folder: string;
  /** The graph that the others were made from first. */
  readonly variants: readonly VariantReport[];
}

/**
 * Writes optimised forms of a model's graph into its folder, or into a copy of it. They are made from the plain graph, or
 * where a folder has float16 weights alone, from that. A folder without either gets the plain one first, from the backend
 * that can build its network.
 *
 * Forms are compared on labelled data: what is named, or else what the model was validated on, where that is at hand; else
 * on the passes of its golden items, or random ones.
 *
 * @throws ValidationError when the folder must not be written and no `output` is given, or `output` holds something.
 * @throws ModelNotFoundError, ModelError, UnknownNameError for a variant that there is not.
 */
export async function exportModel(kernel: Kernel, reference: string, options: ExportOptions): Promise<ModelExport> {
  const { output, variants, onProgress, signal } = options;
  const context = signal === undefined ? {} : { signal };
  const found = await kernel.models.resolve(reference, context);
  const exporter = findExporter(kernel.backends, found.id, variants);
  const artifacts = output === undefined ? await writable(found) : await copyModel(found, resolve(output), context);
  const source = await ensureSource(kernel.backends, exporter, artifacts, {
    ...context,
    ...(onProgress !== undefined && { onProgress }),
  });
  const { request, basis } = await prepareComparison(kernel, exporter, artifacts, source, options);
  const reports = await exporter.exportVariants(artifacts, {
    ...request,
    variants: [source, ...variants.filter((variant) => variant !== source)],
  });
  return { model: found.id, folder: artifacts.folder, ...basis, variants: reports };
}

/** The model's own folder, if it may be changed. */
async function writable(artifacts: ModelArtifacts): Promise<ModelArtifacts> {
  const { id, folder } = artifacts;
  const isShared = artifacts.readOnly === true || isHubSnapshot(await realpath(folder));
  const isWritable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isShared && isWritable) return artifacts;
  const why = isShared ? 'is shared with other programs and must not be changed' : 'cannot be written to';
  throw new ValidationError('export', [
    { path: '/output', message: `is required: model '${id}' is in ${folder}, which ${why}; name a folder for a copy` },
  ]);
}

/** A revision in the Hub's cache: `models--org--name/snapshots/<commit>`. */
const isHubSnapshot = (folder: string): boolean =>
  /^models--.+$/.test(folder.split(sep).at(-3) ?? '') && folder.split(sep).at(-2) === 'snapshots';
