import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * About how much memory a model takes, as its files say: its largest graph with the weights beside it, or else its
 * checkpoints. Backends know better (`Model.memoryBytes`), but only once it is loaded. 0 for what has neither.
 */
export async function estimateMemory(folder: string): Promise<number> {
  const graphs = new Map<string, number>();
  for (const { name, bytes } of await filesOf(join(folder, 'onnx'))) {
    // `model.onnx` may keep its weights in `model.onnx_data` or `model.onnx.data`.
    const [, graph] = /^(.+?\.onnx)(?:[._].*)?$/.exec(name) ?? [];
    if (graph !== undefined) graphs.set(graph, (graphs.get(graph) ?? 0) + bytes);
  }
  if (graphs.size > 0) return Math.max(...graphs.values());
  const weights = (await filesOf(folder)).filter(({ name }) => /\.(safetensors|bin)$/.test(name));
  return weights.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function filesOf(folder: string): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined); // follows the links of the Hub's cache
      return found?.isFile() === true ? [{ name, bytes: found.size }] : [];
    }),
  );
  return files.flat();
}
