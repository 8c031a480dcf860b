import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../sha256.js';
import { listModelFiles } from './file-list.js';
import { manifestFile } from './manifest.js';

/** Whether a folder says that it is a model: it has a `config.json` or a `zooid.json`. */
export async function isModelFolder(folder: string): Promise<boolean> {
  return (await isFile(join(folder, 'config.json'))) || (await isFile(join(folder, manifestFile)));
}

/**
 * Digest of the names, sizes and times of a model's files, manifest included. Cheap, since no file is read; as long as
 * it stays the same, what was verified once need not be verified again.
 */
export async function folderFingerprint(folder: string): Promise<string> {
  const lines: string[] = [];
  const files = await listModelFiles(folder);
  if (await isFile(join(folder, manifestFile))) files.push(manifestFile);
  for (const path of files) {
    // The change time betrays a file whose modification time was set back on purpose.
    const { size, mtimeMs, ctimeMs, ino } = await stat(join(folder, path));
    lines.push(`${size} ${mtimeMs} ${ctimeMs} ${ino} ${path}\n`);
  }
  return sha256(lines.join(''));
}

/** Bytes of a model's files. */
export async function modelFolderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await listModelFiles(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
