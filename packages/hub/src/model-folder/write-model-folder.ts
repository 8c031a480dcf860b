import { copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { HostTensor } from '@zooid/tensor';
import { syncFolder, temporarySibling, writeDurably, writeFileAtomically } from '../atomic-file.js';
import { ModelFolderError } from '../errors.js';
import { writeSafetensors } from '../safetensors/file.js';
import { belongsToModel, cardFile, isSafeRelativePath, revisionOf, runFolder } from './file-list.js';
import { type ManifestFields, type ModelManifest, manifestFile, manifestFormat } from './manifest.js';
import { digests, readManifest } from './read-model-folder.js';
import { refuseSharedFolder } from './shared-folder.js';
import { validateManifest } from './validate-manifest.js';

/** Where `writeModelFolder` puts `weights`. */
export const weightsFile = 'model.safetensors';

/** Content of one file: in memory, or copied from elsewhere. */
export type FileContent = string | Uint8Array | { readonly copyFrom: string };

export interface ModelFolderContent {
  readonly config: Readonly<Record<string, unknown>>;
  /** Under Hugging Face state-dict names; absent in folders that hold graphs only. */
  readonly weights?: Iterable<readonly [string, HostTensor]>;
  /** Everything else by path relative to the folder: tokenizer, lexicons, `onnx/model.onnx`, `golden.json`. */
  readonly files: ReadonlyMap<string, FileContent>;
  readonly manifest: ManifestFields;
  /** The card, as `modelCard` writes it. */
  readonly card: string;
}

/**
 * Writes a model folder and returns its manifest. Everything is built and forced to disk in a temporary sibling, then
 * swapped in, so that `folder` holds the old model or the new one; a `run/` folder that the target has stays.
 *
 * @throws ModelFolderError when a file's path leaves the folder or collides with one that is written anyway, or when the
 * folder is one of the Hub's cache.
 */
export async function writeModelFolder(folder: string, content: ModelFolderContent): Promise<ModelManifest> {
  checkPaths(content);
  const target = resolve(folder);
  await refuseSharedFolder(target);
  await mkdir(dirname(target), { recursive: true });
  await recoverModelFolder(target);
  const built = temporarySibling(target);
  try {
    const manifest = await build(built, content);
    await swapIn(built, target);
    return manifest;
  } catch (error) {
    await rm(built, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Finishes a swap that a killed `writeModelFolder` left half done: puts the previous folder, or its `run/`, back in
 * place. Call it before looking for checkpoints to resume from; does nothing when there is nothing to finish.
 */
export async function recoverModelFolder(folder: string): Promise<void> {
  const target = resolve(folder);
  const previous = previousOf(target);
  if (!(await exists(previous))) return;
  if (!(await exists(target))) {
    await rename(previous, target);
  } else {
    await moveRun(previous, target);
    await rm(previous, { recursive: true, force: true });
  }
  await syncFolder(dirname(target));
}

/**
 * Recomputes digests and revision after files of a model folder were added, changed or removed on purpose (an export
 * added a variant), and rewrites `zooid.json` atomically with `changes` applied.
 *
 * @throws ModelFolderError when the folder has no manifest, or is one of the Hub's cache.
 */
export async function resealModelFolder(folder: string, changes: Partial<ManifestFields> = {}): Promise<ModelManifest> {
  await refuseSharedFolder(folder);
  const current = await readManifest(folder);
  if (current === undefined) throw new ModelFolderError(`${folder} has no ${manifestFile} to renew`);
  const files = await digests(folder);
  const manifest: ModelManifest = { ...current, ...changes, revision: revisionOf(files), files };
  validateManifest(manifest, manifestFile);
  await writeFileAtomically(join(folder, manifestFile), [Buffer.from(formatJson(manifest))]);
  return manifest;
}

function checkPaths({ files, weights }: ModelFolderContent): void {
  const written = new Set(['config.json', ...(weights === undefined ? [] : [weightsFile])]);
  for (const path of files.keys()) {
    if (!isSafeRelativePath(path)) {
      throw new ModelFolderError(`'${path}' is not a path inside a model folder; use forward slashes and no '..'`);
    }
    if (written.has(path) || !belongsToModel(path)) {
      throw new ModelFolderError(
        `'${path}' cannot be given as a file of a model; it is written otherwise or left to others`,
      );
    }
  }
}

async function build(folder: string, content: ModelFolderContent): Promise<ModelManifest> {
  await mkdir(folder);
  await writeDurably(join(folder, 'config.json'), [Buffer.from(formatJson(content.config))]);
  if (content.weights !== undefined) {
    await writeSafetensors(join(folder, weightsFile), content.weights, { format: 'pt' });
  }
  for (const [path, file] of content.files) await writeContent(join(folder, path), file);
  const files = await digests(folder);
  const manifest: ModelManifest = {
    formatVersion: manifestFormat,
    ...content.manifest,
    revision: revisionOf(files),
    files,
  };
  validateManifest(manifest, manifestFile);
  if (manifest.golden !== undefined && !files.some(({ path }) => path === manifest.golden)) {
    throw new ModelFolderError(`The manifest names '${manifest.golden}' as golden file, but it is not among the files`);
  }
  await writeDurably(join(folder, cardFile), [Buffer.from(content.card)]);
  await writeDurably(join(folder, manifestFile), [Buffer.from(formatJson(manifest))]);
  await syncFolder(folder);
  return manifest;
}

async function writeContent(path: string, content: FileContent): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (typeof content === 'string') {
    await writeDurably(path, [Buffer.from(content)]);
  } else if (content instanceof Uint8Array) {
    await writeDurably(path, [content]);
  } else {
    await copyFile(content.copyFrom, path);
    const copy = await open(path, 'r+');
    await copy.sync().finally(() => copy.close());
  }
  await syncFolder(dirname(path));
}

async function swapIn(built: string, target: string): Promise<void> {
  if (!(await exists(target))) {
    await rename(built, target);
  } else if (await holdsModel(target)) {
    await exchange(built, target);
  } else {
    await adopt(built, target);
  }
  await syncFolder(dirname(target));
}

/** Replaces a folder that holds a model; see `recoverModelFolder` for what a kill in between leaves. */
async function exchange(built: string, target: string): Promise<void> {
  const previous = previousOf(target);
  await rename(target, previous);
  try {
    await rename(built, target);
  } catch (error) {
    await rename(previous, target);
    throw error;
  }
  await moveRun(previous, target);
  await rm(previous, { recursive: true, force: true });
}

/**
 * Moves files into a folder that holds no model yet, only `run/`, which stays where it is and may be in use. The last
 * to come is `config.json`, which makes it a model folder.
 */
async function adopt(built: string, target: string): Promise<void> {
  const entries = (await readdir(built)).filter((name) => name !== 'config.json');
  for (const name of [...entries, 'config.json']) {
    await rm(join(target, name), { recursive: true, force: true });
    await rename(join(built, name), join(target, name));
  }
  await syncFolder(target);
  await rm(built, { recursive: true });
}

async function moveRun(from: string, to: string): Promise<void> {
  const run = join(from, runFolder);
  if ((await exists(run)) && !(await exists(join(to, runFolder)))) await rename(run, join(to, runFolder));
}

const previousOf = (target: string): string => join(dirname(target), `.${basename(target)}.previous`);

const holdsModel = (folder: string): Promise<boolean> => exists(join(folder, 'config.json'));

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const formatJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
