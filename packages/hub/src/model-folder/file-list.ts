import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../sha256.js';
import { type FileEntry, manifestFile } from './manifest.js';

/** Where a training run keeps checkpoints, events and its report; not part of the model, nor of one that it lies within. */
export const runFolder = 'run';

/** The card; may be edited at any time without making another model of it. */
export const cardFile = 'README.md';

/**
 * Whether `path` stays inside the folder it is relative to, on every platform: forward slashes, no `.` or `..`
 * segments, not absolute, no drive letter, no control characters.
 */
export function isSafeRelativePath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length > 0 &&
    path.length <= 1024 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    !/[\\:\u0000-\u001f]/.test(path) &&
    path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

/** Whether the manifest vouches for `path`. */
export function belongsToModel(path: string): boolean {
  return (
    path !== manifestFile &&
    path !== cardFile &&
    !path.split('/').some((part) => part === runFolder || part.startsWith('.'))
  );
}

/** Formats that backends load numbers from. */
export function isWeightsFile(path: string): boolean {
  return /\.(safetensors|onnx|onnx[._]data|ort|bin|pt|pth|ckpt|h5|msgpack|gguf|npz)$/i.test(path);
}

/** Files of a model folder, sorted by path, with `/`; leaves out what `belongsToModel` refuses. */
export async function listModelFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const visit = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (!belongsToModel(path)) continue;
      // The shared Hub cache links every file to a blob, so links are followed.
      const kind = entry.isSymbolicLink() ? await stat(join(folder, path)) : entry;
      if (kind.isDirectory()) await visit(path);
      else if (kind.isFile()) paths.push(path);
    }
  };
  await visit('');
  return paths.sort(comparePaths);
}

/** By UTF-16 code unit: the same order on every machine. */
export const comparePaths = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Content revision of a model: the first 40 hex digits of SHA-256 over `<sha256>  <path>\n` of every file, sorted by
 * path. `sha256sum` prints this form, so anyone can recompute it.
 */
export function revisionOf(files: readonly Pick<FileEntry, 'path' | 'sha256'>[]): string {
  const lines = [...files].sort((a, b) => comparePaths(a.path, b.path)).map((file) => `${file.sha256}  ${file.path}\n`);
  return sha256(lines.join('')).slice(0, 40);
}
