import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest, resealModelFolder, writeFileAtomically } from '@zooid/hub';
import { writeModel } from '@zooid/onnx';
import { type ModelArtifacts, ModelError, type RunContext } from '@zooid/spec';
import { buildGraph } from './build-graph.js';
import { openNetwork } from './open-network.js';
import { writeNetwork } from './write-network.js';

/** What the plain graph's file is called in a model folder's `onnx/`. */
export const graphFile = 'model.onnx';

/** Weights above this many bytes lie beside the graph: protobuf ends at 2 GiB, and the encoding needs them twice. */
const MAX_INSIDE = 1.5 * 2 ** 30;

export interface ExportOptions extends RunContext {
  /** Weights above this many bytes lie beside the graph, in `model.onnx_data`. */
  readonly maxInsideBytes?: number;
}

/**
 * Writes the graph of a model folder as its `onnx/model.onnx` and renews the digests in `zooid.json` where there is one.
 *
 * @throws ModelError when the folder has that file; else as {@link openNetwork}.
 */
export async function exportNetwork(
  artifacts: ModelArtifacts,
  { maxInsideBytes = MAX_INSIDE, ...context }: ExportOptions = {},
): Promise<void> {
  const { folder, id } = artifacts;
  const target = join(folder, 'onnx', graphFile);
  if (await exists(target)) throw new ModelError(id, `model '${id}': ${target} is there already; remove it first`);
  if ((await weightBytes(artifacts, context)) <= maxInsideBytes) {
    await writeFileAtomically(target, [writeModel(await buildGraph(artifacts, context))]);
  } else {
    await writeBeside(artifacts, context);
  }
  if ((await readManifest(folder)) !== undefined) await resealModelFolder(folder);
}

async function writeBeside(artifacts: ModelArtifacts, context: RunContext): Promise<void> {
  const folder = join(artifacts.folder, 'onnx');
  await mkdir(folder, { recursive: true });
  // Written apart and moved in, weights first: nobody finds half a graph.
  const scratch = await mkdtemp(join(folder, '.writing-'));
  try {
    await using network = await openNetwork(artifacts, context);
    await writeNetwork(network, { folder: scratch, name: graphFile }, context);
    for (const name of [`${graphFile}_data`, graphFile]) await rename(join(scratch, name), join(folder, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function weightBytes(artifacts: ModelArtifacts, context: RunContext): Promise<number> {
  await using network = await openNetwork(artifacts, context);
  return [...network.sources.keys()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
