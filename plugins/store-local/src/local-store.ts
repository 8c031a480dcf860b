import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { AbortError, ZooidError } from '@zooid/common';
import {
  folderFingerprint,
  isModelFolder,
  isSafeRelativePath,
  isSharedFolder,
  type ModelFolder,
  ModelFolderError,
  modelFolderBytes,
  readModelFolder,
} from '@zooid/hub';
import {
  inject,
  injectable,
  Logger,
  type ModelArtifacts,
  type ModelStore,
  type ModelSummary,
  type RunContext,
} from '@zooid/spec';
import { LocalStoreConfig } from './config.js';
import { modelIds } from './walk.js';

/**
 * Models in folders: `<root>/<id>` for the configured roots, then paths. Everything `find` returns has been verified
 * against its manifest; a folder that has not changed since is not read again.
 */
@injectable()
export class LocalStore implements ModelStore {
  readonly name = 'local';
  private readonly roots: readonly string[];
  /** What was verified, by folder. */
  private readonly verified = new Map<string, { readonly fingerprint: string; readonly model: ModelFolder }>();

  constructor(
    @inject(LocalStoreConfig) config: LocalStoreConfig,
    @inject(Logger) private readonly logger: Logger,
  ) {
    this.roots = config.roots.map((root) => resolve(root));
  }

  /**
   * @throws IntegrityError when the folder's content differs from its manifest.
   * @throws ModelFolderError when `reference` is written as a path and names a folder that holds no model.
   */
  async find(reference: string, context?: RunContext): Promise<ModelArtifacts | undefined> {
    AbortError.throwIfAborted(context?.signal);
    const folder = await this.locate(reference);
    if (folder === undefined) return undefined;
    const { config, manifest, revision, unlisted } = await this.verify(folder, context?.signal);
    return {
      id: reference,
      revision,
      folder,
      ...((await isSharedFolder(folder)) && { readOnly: true }),
      config,
      ...(unlisted.length > 0 && { unlisted }),
      ...(manifest === undefined ? {} : { manifest: { ...manifest } }),
    };
  }

  /** By root, then by id; an id that two roots hold is listed once, as `find` would resolve it. */
  async *list(): AsyncGenerator<ModelSummary, void, undefined> {
    const seen = new Set<string>();
    for (const root of this.roots) {
      for await (const id of modelIds(root)) {
        if (seen.has(id)) continue;
        seen.add(id);
        yield await this.summarize(id, join(root, id));
      }
    }
  }

  private async locate(reference: string): Promise<string | undefined> {
    if (isSafeRelativePath(reference)) {
      for (const root of this.roots) {
        const folder = join(root, reference);
        if (await isModelFolder(folder)) return folder;
      }
    }
    const path = reference.startsWith('~/') ? join(homedir(), reference.slice(2)) : reference;
    if (await isModelFolder(path)) return resolve(path);
    const meansPath = isAbsolute(path) || /^\.{1,2}([/\\]|$)/.test(path);
    if (meansPath && (await isFolder(path))) {
      throw new ModelFolderError(`${resolve(path)} holds no model: neither config.json nor zooid.json is there`);
    }
    return undefined;
  }

  private async verify(folder: string, signal: AbortSignal | undefined): Promise<ModelFolder> {
    // Taken before reading: a change while the files are read makes the next find verify again.
    const fingerprint = await folderFingerprint(folder);
    const known = this.verified.get(folder);
    if (known?.fingerprint === fingerprint) return known.model;
    const model = await readModelFolder(folder, { verify: true, ...(signal === undefined ? {} : { signal }) });
    for (const file of model.unlisted) {
      this.logger.warn({ folder, file }, 'weights file is not listed in zooid.json and was not verified');
    }
    this.verified.set(folder, { fingerprint, model });
    return model;
  }

  private async summarize(id: string, folder: string): Promise<ModelSummary> {
    const sizeBytes = await modelFolderBytes(folder);
    try {
      const { manifest } = await readModelFolder(folder, { verify: false });
      const { app, license, description } = manifest ?? {};
      return {
        id,
        store: this.name,
        sizeBytes,
        ...(app === undefined ? {} : { app }),
        ...(license === undefined ? {} : { license }),
        ...(description === undefined ? {} : { description }),
      };
    } catch (error) {
      // One damaged folder must not hide the others from a listing.
      if (!ZooidError.is(error)) throw error;
      return { id, store: this.name, sizeBytes, description: `cannot be used: ${error.message}` };
    }
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
