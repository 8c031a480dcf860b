import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AbortError } from '@zooid/common';
import { IntegrityError, ModelFolderError } from '../errors.js';
import { sha256File } from '../sha256.js';
import { isWeightsFile, listModelFiles, revisionOf } from './file-list.js';
import { folderFingerprint } from './fingerprint.js';
import { type FileEntry, type ModelManifest, manifestFile } from './manifest.js';
import { validateManifest } from './validate-manifest.js';

export interface ReadModelFolderOptions {
  /**
   * Compares the size and digest of every listed file with the manifest. Costs one pass over the files; without it
   * nothing but `config.json` and `zooid.json` is read.
   */
  readonly verify: boolean;
  readonly signal?: AbortSignal;
}

export interface ModelFolder {
  /** Absolute. */
  readonly folder: string;
  /** Parsed `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Absent for folders that another tool made, such as a Hub export. */
  readonly manifest?: ModelManifest;
  /** Changes whenever the content of any file of the model does. */
  readonly revision: string;
  /** Weights files that the manifest does not vouch for; nothing should load them. */
  readonly unlisted: readonly string[];
}

/**
 * Opens a model folder: one of ours with `zooid.json`, or any with `config.json`. Nothing may load weights from it
 * before this has returned.
 *
 * Without a manifest there is nothing to verify against; the revision is then the digest of all files (`verify`) or, cheaper,
 * `unverified-` and the digest of their names, sizes and times.
 *
 * @throws IntegrityError naming the first file that is missing, has another size or another digest than promised.
 * @throws ModelFolderError when there is no folder, no `config.json`, or the manifest is not one we can read.
 */
export async function readModelFolder(path: string, options: ReadModelFolderOptions): Promise<ModelFolder> {
  const folder = resolve(path);
  const manifest = await readManifest(folder);
  // Digests first: a damaged config.json is better reported as damaged than as odd JSON.
  if (manifest !== undefined && options.verify) await verifyFiles(folder, manifest, options.signal);
  const config = await readConfig(folder);
  if (manifest !== undefined) {
    const listed = new Set(manifest.files.map((file) => file.path));
    const unlisted = (await listModelFiles(folder)).filter((file) => isWeightsFile(file) && !listed.has(file));
    return { folder, config, manifest, revision: manifest.revision, unlisted };
  }
  const revision = options.verify ? revisionOf(await digests(folder, options.signal)) : await quickRevision(folder);
  return { folder, config, revision, unlisted: [] };
}

/** Parsed and validated `zooid.json`, or `undefined` when the folder has none. */
export async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const text = await readOptional(join(folder, manifestFile));
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new IntegrityError({
      folder,
      file: manifestFile,
      problem: `is not valid JSON (${(cause as Error).message})`,
    });
  }
  const manifest = validateManifest(value, join(folder, manifestFile));
  const expected = revisionOf(manifest.files);
  if (manifest.revision !== expected) {
    const problem = `states revision ${manifest.revision}, but its file list amounts to ${expected}; it was edited by hand`;
    throw new IntegrityError({ folder, file: manifestFile, problem });
  }
  return manifest;
}

async function readConfig(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(folder, 'config.json');
  const text = await readOptional(path);
  if (text === undefined) {
    throw new ModelFolderError(`${folder} is not a model folder: it has no config.json; name a folder that holds one`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelFolderError(`${path} is not valid JSON (${(cause as Error).message}); restore the file`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ModelFolderError(`${path} must hold a JSON object; restore the file`);
  }
  return value as Record<string, unknown>;
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ModelFolderError(`${path} cannot be read (${code ?? cause})`, { cause });
  }
}

async function verifyFiles(folder: string, manifest: ModelManifest, signal: AbortSignal | undefined): Promise<void> {
  // All sizes before any digest: a truncated gigabyte is found without reading it.
  for (const { path: file, bytes } of manifest.files) {
    const found = await stat(join(folder, file)).catch(() => undefined);
    if (!found?.isFile()) throw new IntegrityError({ folder, file, problem: 'is listed in zooid.json but missing' });
    if (found.size !== bytes) {
      throw new IntegrityError({ folder, file, problem: `should have ${bytes} bytes, but has ${found.size}` });
    }
  }
  for (const { path: file, sha256: expected } of manifest.files) {
    AbortError.throwIfAborted(signal);
    const found = await sha256File(join(folder, file), signal === undefined ? {} : { signal });
    if (found !== expected) {
      throw new IntegrityError({ folder, file, problem: `should have SHA-256 ${expected}, but has ${found}` });
    }
  }
}

/** Size and digest of every file of a model, sorted by path. */
export async function digests(folder: string, signal?: AbortSignal): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  for (const path of await listModelFiles(folder)) {
    AbortError.throwIfAborted(signal);
    const absolute = join(folder, path);
    const { size } = await stat(absolute);
    entries.push({ path, bytes: size, sha256: await sha256File(absolute, signal === undefined ? {} : { signal }) });
  }
  return entries;
}

const quickRevision = async (folder: string): Promise<string> =>
  `unverified-${(await folderFingerprint(folder)).slice(0, 40)}`;
