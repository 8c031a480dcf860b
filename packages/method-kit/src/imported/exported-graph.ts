import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ValidationError } from '@zooid/common';
import { modelWeightsFiles, resolveInside } from '@zooid/hub';
import { type Graph, GraphError, readModel } from '@zooid/onnx';

/** Where exporters put the plain graph of a model folder, relative to it. */
const graphFiles = ['onnx/model.onnx', 'model.onnx'] as const;

/** Whether a folder holds weights as such, for which a network is built by its config. */
export async function hasWeightsFile(folder: string): Promise<boolean> {
  return (await firstFile(folder, modelWeightsFiles)) !== undefined;
}

/** The plain graph of a model folder, relative to it; `undefined` when there is none. */
export function findExportedGraph(folder: string): Promise<string | undefined> {
  return firstFile(folder, graphFiles);
}

async function firstFile(folder: string, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if ((await resolveInside(folder, file)) !== undefined) return file;
  return undefined;
}

/**
 * Reads a graph with the weights beside it, which are in files whose names begin as its own does.
 *
 * @param file relative to `folder`
 * @throws ValidationError when it is damaged, or holds what cannot be read here: other opsets, subgraphs.
 * @throws CheckpointError for a link that leaves the folder.
 */
export async function readExportedGraph(folder: string, file: string): Promise<Graph> {
  const { dir, base } = posix.parse(file);
  const externalData = new Map<string, Uint8Array>();
  for (const name of await readdir(join(folder, dir))) {
    if (name !== base && name.startsWith(base)) externalData.set(name, await bytesOf(folder, posix.join(dir, name)));
  }
  const bytes = await bytesOf(folder, file);
  try {
    return readModel(bytes, { externalData });
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw new ValidationError(`base model ${folder}/${file}`, [{ path: '', message: error.message }]);
  }
}

async function bytesOf(folder: string, file: string): Promise<Uint8Array> {
  return readFile((await resolveInside(folder, file))!);
}
