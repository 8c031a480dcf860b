import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder, writeFileAtomically } from '@zooid/hub';
import { type Graph, readModel, writeModel, writeModelWithExternalData } from '@zooid/onnx';

/** Weights above this many bytes lie beside the graph: protobuf ends at 2 GiB, and the encoding needs them twice. */
const MAX_INSIDE = 1.5 * 2 ** 30;

/** Reads a graph with the weights beside it, which are in files whose names begin as its own does. */
export async function readGraph(path: { readonly folder: string; readonly file: string }): Promise<Graph> {
  const { folder, file } = path;
  const externalData = new Map<string, Uint8Array>();
  for (const name of await readdir(folder)) {
    if (name !== file && name.startsWith(file)) externalData.set(name, await readFile(join(folder, name)));
  }
  return readModel(await readFile(join(folder, file)), { externalData });
}

/** Bytes of a graph and of the weights beside it. */
export async function graphBytes(path: string): Promise<number> {
  const [folder, file] = [dirname(path), basename(path)];
  const names = (await readdir(folder)).filter((name) => name.startsWith(file));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

/** A graph's files in a folder of their own, to be tried and then moved into place or dropped. */
export interface DraftFiles extends AsyncDisposable {
  /** Path of the graph. */
  readonly model: string;
  readonly sizeBytes: number;
  /** Moves the files into the folder, weights first: nobody finds a graph without them. */
  accept(): Promise<void>;
}

/** Writes a graph as `<folder>/.export-…/<file>`, where listings of models do not look. */
export async function draftGraph(
  graph: Graph,
  folder: string,
  file: string,
  maxInsideBytes = MAX_INSIDE,
): Promise<DraftFiles> {
  await mkdir(folder, { recursive: true });
  const draft = await mkdtemp(join(folder, '.export-'));
  const dispose = () => rm(draft, { recursive: true, force: true });
  try {
    const names = await writeFiles(graph, draft, file, maxInsideBytes);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(draft, name))).size));
    return {
      model: join(draft, file),
      sizeBytes: sizes.reduce((a, b) => a + b, 0),
      async accept() {
        for (const name of names) await rename(join(draft, name), join(folder, name));
        // Weights of an earlier export of this form, which the new one may have inside.
        if (names.length === 1) await rm(join(folder, `${file}_data`), { force: true });
        await syncFolder(folder);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function writeFiles(graph: Graph, folder: string, file: string, maxInsideBytes: number): Promise<string[]> {
  const bytes = [...graph.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes <= maxInsideBytes) {
    await writeFileAtomically(join(folder, file), [writeModel(graph)]);
    return [file];
  }
  const path = `${file}_data`;
  const { model, data } = writeModelWithExternalData(graph, { path });
  await writeFileAtomically(join(folder, path), [data]);
  await writeFileAtomically(join(folder, file), [model]);
  return [path, file];
}
