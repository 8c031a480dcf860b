import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Model, type ModelArtifacts, type ModelBackend, ModelError, ModelUnloadedError } from '@zooid/spec';

/** One folder name, so that nothing outside of the model's folder can be meant. */
const folderName = /^[a-z0-9][a-z0-9_-]*$/;

/** The further networks in the subfolders of one model's folder, each loaded when it is first asked for. */
export class Companions implements AsyncDisposable {
  readonly #backend: ModelBackend;
  readonly #artifacts: ModelArtifacts;
  readonly #loaded = new Map<string, Promise<Model | undefined>>();
  #bytes = 0;
  #isDisposed = false;

  constructor(backend: ModelBackend, artifacts: ModelArtifacts) {
    this.#backend = backend;
    this.#artifacts = artifacts;
  }

  /** Memory that those take which are loaded. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The network in a subfolder; `undefined` when the folder has none. A load that failed is tried again.
   *
   * @throws ModelError when there is one that cannot be loaded; ModelUnloadedError when the model is released.
   */
  async get(name: string): Promise<Model | undefined> {
    if (this.#isDisposed) throw new ModelUnloadedError(this.#artifacts.id);
    let loading = this.#loaded.get(name);
    if (loading === undefined) {
      loading = this.#load(name);
      this.#loaded.set(name, loading);
      loading.catch(() => this.#loaded.delete(name));
    }
    return loading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const loaded = await Promise.all([...this.#loaded.values()].map((loading) => loading.catch(() => undefined)));
    await Promise.all(loaded.map((model) => model?.[Symbol.asyncDispose]()));
  }

  async #load(name: string): Promise<Model | undefined> {
    const artifacts = await companionArtifacts(this.#artifacts, name);
    if (artifacts === undefined) return undefined;
    if (!this.#backend.supports(artifacts)) {
      const reason = this.#backend.misfit?.(artifacts) ?? 'it holds nothing that this backend can load';
      throw new ModelError(artifacts.id, `backend '${this.#backend.name}' cannot serve '${artifacts.id}': ${reason}`);
    }
    const model = await this.#backend.load(artifacts);
    this.#bytes += model.memoryBytes ?? 0;
    return model;
  }
}

/** What is in the subfolder was verified with the whole folder, and changes its revision. */
async function companionArtifacts(parent: ModelArtifacts, name: string): Promise<ModelArtifacts | undefined> {
  if (!folderName.test(name)) throw new ModelError(parent.id, `'${name}' cannot name a subfolder of a model`);
  const folder = join(parent.folder, name);
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const prefix = `${name}/`;
  const unlisted = (parent.unlisted ?? []).flatMap((file) =>
    file.startsWith(prefix) ? [file.slice(prefix.length)] : [],
  );
  const { revision, readOnly } = parent;
  return {
    id: `${parent.id}/${name}`,
    revision,
    folder,
    ...(readOnly !== undefined && { readOnly }),
    config: parseConfig(parent.id, join(folder, 'config.json'), text),
    ...(unlisted.length > 0 && { unlisted }),
  };
}

function parseConfig(id: string, file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null && !Array.isArray(config))
      return config as Record<string, unknown>;
  } catch (cause) {
    throw new ModelError(id, `${file} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  throw new ModelError(id, `${file} must hold a JSON object`);
}
