import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CheckpointError } from '../errors.js';
import { isSafeRelativePath } from '../model-folder/file-list.js';

/**
 * The real path of a file of a model folder, or `undefined` when there is none. Links are followed as long as they
 * stay inside the folder. A snapshot in the cache shared with Python consists of links to the same repository's
 * `blobs`, so these are inside too.
 *
 * @param path relative to `folder`, with `/`
 * @throws CheckpointError when the path or a link on it leaves the folder.
 */
export async function resolveInside(folder: string, path: string): Promise<string | undefined> {
  if (!isSafeRelativePath(path)) {
    throw new CheckpointError(`${folder}: ${JSON.stringify(path)} is not a path inside the model folder; refused`);
  }
  const [root, target] = await Promise.all([existing(folder), existing(join(folder, path))]);
  if (root === undefined || target === undefined) return undefined;
  const roots = [root, ...blobsOf(root)];
  if (roots.some((allowed) => target.startsWith(allowed.endsWith(sep) ? allowed : allowed + sep))) return target;
  throw new CheckpointError(
    `${folder}: '${path}' is a link to ${target}, outside the model folder; copy the file into the folder`,
  );
}

/** `<cache>/models--org--name/blobs` for a folder in `<cache>/models--org--name/snapshots/<commit>`. */
function blobsOf(folder: string): string[] {
  const segments = folder.split(sep);
  const at = segments.findIndex((segment, i) => segment === 'snapshots' && /^models--./.test(segments[i - 1] ?? ''));
  return at < 0 || at + 1 >= segments.length ? [] : [[...segments.slice(0, at), 'blobs'].join(sep)];
}

async function existing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CheckpointError(`${path} cannot be reached (${code ?? cause})`, { cause });
  }
}
