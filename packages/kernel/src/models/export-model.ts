import { access, constants, cp, readdir, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { AbortError, ValidationError } from '@zooid/common';
import {
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  type RunContext,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import type { Kernel } from '../kernel.js';
import { recordSamples } from './record-samples.js';

export interface ExportOptions extends Omit<VariantRequest, 'samples'> {
  /** Folder for a copy of the model, which gets the variants; must be new or empty. Default: the model's own folder. */
  readonly output?: string;
}

/** What an export has written, and how it compares. */
export interface ModelExport {
  readonly model: string;
  /** Where the variants are. */
  readonly folder: string;
  /** Forward passes that were compared: of the model's golden items, or none, and then on random inputs. */
  readonly goldenSamples: number;
  /** The graph that the others were made from first. */
  readonly variants: readonly VariantReport[];
}

/**
 * Writes optimised forms of a model's graph into its folder, or into a copy of it. They are made from the plain graph, or
 * where a folder has float16 weights alone, from that. A folder without either gets the plain one first, from the backend
 * that can build its network.
 *
 * @throws ValidationError when the folder must not be written and no `output` is given, or `output` holds something.
 * @throws ModelNotFoundError, ModelError, UnknownNameError for a variant that there is not.
 */
export async function exportModel(kernel: Kernel, reference: string, options: ExportOptions): Promise<ModelExport> {
  const { output, variants, signal, onProgress, tolerance } = options;
  const context = signal === undefined ? {} : { signal };
  const found = await kernel.models.resolve(reference, context);
  const exporter = findExporter(kernel.backends, found.id);
  for (const name of variants) {
    if (!exporter.variants.includes(name)) throw new UnknownNameError('variant', name, exporter.variants);
  }
  const artifacts = output === undefined ? await writable(found) : await copyModel(found, resolve(output), context);
  let { source } = exporter.findVariants(artifacts);
  if (source === undefined) {
    [source] = exporter.variants;
    onProgress?.({ variant: source, step: 'build' });
    await writePlainGraph(kernel.backends, artifacts, context);
  }
  const model = await exporter.load(artifacts, { ...context, variant: source });
  let samples: Awaited<ReturnType<typeof recordSamples>>;
  try {
    samples = await recordSamples(kernel.apps, model, context);
  } finally {
    await model[Symbol.asyncDispose]();
  }
  const reports = await exporter.exportVariants(artifacts, {
    ...context,
    variants: [source, ...variants.filter((variant) => variant !== source)],
    samples,
    ...(tolerance !== undefined && { tolerance }),
    ...(onProgress !== undefined && { onProgress }),
  });
  return { model: found.id, folder: artifacts.folder, goldenSamples: samples.length, variants: reports };
}

/** A backend that writes variants. */
type Exporter = ModelBackend &
  Required<Pick<ModelBackend, 'exportVariants' | 'findVariants'>> & {
    readonly variants: readonly [plain: string, ...string[]];
  };

function findExporter(backends: Iterable<ModelBackend>, id: string): Exporter {
  for (const backend of backends) {
    const [plain] = backend.variants ?? [];
    if (plain !== undefined && backend.exportVariants && backend.findVariants) return backend as Exporter;
  }
  throw new ModelError(id, `model '${id}' cannot be exported: no loaded backend writes variants; load backend-onnx`);
}

async function writePlainGraph(
  backends: Iterable<ModelBackend>,
  artifacts: ModelArtifacts,
  context: RunContext,
): Promise<void> {
  const { id, folder } = artifacts;
  for (const backend of backends) {
    if (backend.exportGraph !== undefined && backend.supports(artifacts))
      return backend.exportGraph(artifacts, context);
  }
  throw new ModelError(
    id,
    `model '${id}' has no onnx/model.onnx in ${folder}, and no loaded backend can build its network; load backend-transformers, or add the file`,
  );
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

/** Copies the files of a model, what links point to included; leaves out checkpoints and hidden files. */
async function copyModel(artifacts: ModelArtifacts, target: string, { signal }: RunContext): Promise<ModelArtifacts> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw refuseOutput(`${target} ${error.code === 'ENOTDIR' ? 'is a file' : `cannot be used: ${error.message}`}`);
  });
  if (entries.length > 0) throw refuseOutput(`${target} holds something already; name a new folder`);
  for (const entry of await readdir(artifacts.folder)) {
    AbortError.throwIfAborted(signal);
    if (entry === 'run' || entry.startsWith('.')) continue;
    await cp(join(artifacts.folder, entry), join(target, entry), { recursive: true, dereference: true });
  }
  return { ...artifacts, folder: target, readOnly: false };
}

const refuseOutput = (message: string): ValidationError =>
  new ValidationError('export', [{ path: '/output', message }]);
