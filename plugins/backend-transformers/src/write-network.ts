import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import { type ExternalTensor, writeModel } from '@zooid/onnx';
import type { RunContext } from '@zooid/spec';
import type { OpenNetwork } from './open-network.js';
import { readParameter } from './read-parameter.js';

/** Weights begin at page boundaries, so that the runtime can map them instead of reading them. */
const PAGE = 4096;

export interface NetworkFiles {
  /** The folder to write into; both files must be new. */
  readonly folder: string;
  /** Name of the graph's file; its weights lie beside it in `<name>_data`, as other exporters call it. */
  readonly name: string;
}

/**
 * Writes a network as an ONNX graph and a file of its weights, which are read, checked and written one by one: what is
 * in memory at a time is the largest of them.
 *
 * @returns the path of the graph
 * @throws CheckpointError for weights that are NaN; errors of the file system as they are.
 */
export async function writeNetwork(
  { graph, sources }: OpenNetwork,
  { folder, name }: NetworkFiles,
  { signal }: RunContext = {},
): Promise<string> {
  const location = `${name}_data`;
  const external = new Map<string, ExternalTensor>();
  const used = new Set(graph.inputs.map((input) => input.name));
  const file = await open(join(folder, location), 'wx');
  try {
    let end = 0;
    for (const [parameter, stored] of sources) {
      if (!used.has(parameter.name)) continue;
      AbortError.throwIfAborted(signal);
      const { data } = await readParameter(stored);
      const offset = Math.ceil(end / PAGE) * PAGE;
      await writeAt(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
      external.set(parameter.name, { location, offset, sizeBytes: data.byteLength });
      end = offset + data.byteLength;
    }
  } finally {
    await file.close();
  }
  const path = join(folder, name);
  await writeFile(path, writeModel(graph, { external }), { flag: 'wx' });
  return path;
}

async function writeAt(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, offset + done);
    done += bytesWritten;
  }
}
