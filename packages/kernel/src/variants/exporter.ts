import {
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  type RunContext,
  UnknownNameError,
  type VariantRequest,
} from '@zooid/spec';

/** A backend that writes and compares forms of a graph. */
export type Exporter = ModelBackend &
  Required<Pick<ModelBackend, 'exportVariants' | 'compareVariants' | 'findVariants'>> & {
    readonly variants: readonly [plain: string, ...string[]];
  };

/** @throws ModelError when no backend writes forms; UnknownNameError when it does not write one that is wanted. */
export function findExporter(backends: Iterable<ModelBackend>, id: string, wanted: readonly string[]): Exporter {
  const exporter = [...backends].find(isExporter);
  if (exporter === undefined) {
    throw new ModelError(id, `model '${id}' cannot be exported: no loaded backend writes variants; load backend-onnx`);
  }
  for (const name of wanted) {
    if (!exporter.variants.includes(name)) throw new UnknownNameError('variant', name, exporter.variants);
  }
  return exporter;
}

function isExporter(backend: ModelBackend): backend is Exporter {
  const { variants = [], exportVariants, compareVariants, findVariants } = backend;
  return variants.length > 0 && [exportVariants, compareVariants, findVariants].every((method) => method !== undefined);
}

/**
 * The form of a folder that others are made from. A folder without any gets the plain graph, from the backend that can
 * build its network.
 *
 * @throws ModelError when none can.
 */
export async function ensureSource(
  backends: Iterable<ModelBackend>,
  exporter: Exporter,
  artifacts: ModelArtifacts,
  { onProgress, ...context }: RunContext & { readonly onProgress?: VariantRequest['onProgress'] },
): Promise<string> {
  const { source } = exporter.findVariants(artifacts);
  if (source !== undefined) return source;
  const [plain] = exporter.variants;
  onProgress?.({ variant: plain, step: 'build' });
  await writePlainGraph(backends, artifacts, context);
  return plain;
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
