import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isModelFolder } from '@zooid/hub';

/** `org/name/variant` and one to spare; deeper trees are not model collections. */
const maxDepth = 4;

/**
 * Ids of the model folders below `root`, sorted: paths relative to it, with `/`. Folders inside a model are part of it.
 * A missing root holds none.
 */
export function modelIds(root: string): AsyncGenerator<string, void, undefined> {
  return walk(root, '', new Set());
}

/** @param visited real paths, since links may lead back up. */
async function* walk(root: string, id: string, visited: Set<string>): AsyncGenerator<string, void, undefined> {
  const folder = join(root, id);
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined || visited.has(real)) return;
  visited.add(real);
  if (id !== '' && (await isModelFolder(folder))) {
    yield id;
    return;
  }
  if (id.split('/').length >= maxDepth) return;
  for (const name of await subfolders(folder)) yield* walk(root, id === '' ? name : `${id}/${name}`, visited);
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') && name !== 'node_modules')
    .sort();
}
