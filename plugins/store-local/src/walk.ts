import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isModelFolder } from '@zooid/hub';

/** `org/name/variant` and one to spare; deeper trees are not model collections. */
const maxDepth = 4;

/** Ids of the model folders below `root`, sorted: paths relative to it, with `/`. A missing root holds none. */
export async function* modelIds(root: string, id = ''): AsyncGenerator<string, void, undefined> {
  const folder = join(root, id);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .filter((name) => name !== 'node_modules')
    .sort();
  for (const name of names) {
    const child = id === '' ? name : `${id}/${name}`;
    if (await isModelFolder(join(root, child))) yield child;
    else if (child.split('/').length < maxDepth) yield* modelIds(root, child);
  }
}
