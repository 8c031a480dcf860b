import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ModelFolderError } from '../errors.js';

/**
 * Whether a folder is, or lies in, a revision in the Hub's cache: `models--org--name/snapshots/<commit>`. Other programs use it
 * too, and its files are links to contents that other revisions share.
 */
export async function isSharedFolder(folder: string): Promise<boolean> {
  let path = await realpath(folder).catch(() => resolve(folder));
  for (; dirname(path) !== path; path = dirname(path)) {
    const snapshots = dirname(path);
    if (basename(snapshots) === 'snapshots' && /^models--.+--/.test(basename(dirname(snapshots)))) return true;
  }
  return false;
}

/** @throws ModelFolderError when `folder` is shared: what is written there changes what others rely on. */
export async function refuseSharedFolder(folder: string): Promise<void> {
  if (!(await isSharedFolder(folder))) return;
  throw new ModelFolderError(
    `${folder} is part of the Hub's cache, which others share and nobody changes; copy the model first`,
  );
}
