import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError, DatasetNotFoundError, UnknownNameError } from '@zooid/spec';
import {
  type DatasetFileSection,
  type DatasetRegistry,
  type DatasetSection,
  unpackedPath,
} from './dataset-registry.js';
import { sha256OfFile } from './digest.js';
import { downloadDataset } from './download.js';

export interface DatasetLocations {
  /** Searched in order for `<folder>/<dataset id>/<file>`. */
  readonly folders: readonly string[];
  /** Searched last; downloads go there. Absent: nothing is downloaded. */
  readonly cache?: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Hears of each original file before it is downloaded. */
  readonly onDownload?: (dataset: string, url: string) => void;
}

/** Finds the files of registered data sets on this machine, or gets them. */
export class DatasetFiles {
  readonly registry: DatasetRegistry;
  readonly #locations: DatasetLocations;
  /** Digests of files that were checked already, by path. */
  readonly #checked = new Map<string, string>();

  constructor(registry: DatasetRegistry, locations: DatasetLocations) {
    this.registry = registry;
    this.#locations = locations;
  }

  /**
   * Absolute path of one file of a data set, with its digest checked.
   *
   * @param name Split or resource name: `train`, `thuocl`.
   * @throws UnknownNameError, DatasetNotFoundError saying where to put the file, or DatasetError when it differs from
   * what the registry describes.
   */
  async locate(
    id: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<{ readonly path: string; readonly sha256: string }> {
    const dataset = this.registry.get(id);
    const file = dataset.files[name];
    if (file === undefined) throw new UnknownNameError(`file of dataset '${id}':`, name, Object.keys(dataset.files));

    const searched: string[] = [];
    for (const folder of [...this.#locations.folders, ...this.#cacheFolders()]) {
      for (const { path, sha256 } of variants(file)) {
        const candidate = join(folder, id, path);
        searched.push(candidate);
        if (existsSync(candidate)) return { path: candidate, sha256: await this.#check(id, candidate, sha256, signal) };
      }
    }
    const cache = this.#locations.cache;
    if (dataset.download === undefined || cache === undefined) throw notFound(id, dataset, file, searched, cache);
    await downloadDataset(id, dataset, join(cache, id), {
      fetch: this.#locations.fetch ?? fetch,
      onDownload: this.#locations.onDownload ?? (() => {}),
      signal,
    });
    const path = join(cache, id, unpackedPath(file));
    const content = file.unpacked ?? file;
    return { path, sha256: await this.#check(id, path, content.sha256, signal) };
  }

  /** The same files as far as they are on this machine. */
  withoutDownloads(): DatasetFiles {
    return new DatasetFiles(this.registry, { folders: [...this.#locations.folders, ...this.#cacheFolders()] });
  }

  #cacheFolders(): readonly string[] {
    return this.#locations.cache === undefined ? [] : [this.#locations.cache];
  }

  async #check(id: string, path: string, expected: string, signal: AbortSignal | undefined): Promise<string> {
    const actual = this.#checked.get(path) ?? (await sha256OfFile(path, signal));
    if (actual !== expected) {
      throw new DatasetError(
        id,
        `${path} is not the registered file of dataset '${id}' (sha256 ${actual}, expected ${expected}); replace it, or remove it to have it looked for elsewhere`,
      );
    }
    this.#checked.set(path, actual);
    return actual;
  }
}

/** A packed file may also lie there unpacked. */
function variants(file: DatasetFileSection): { readonly path: string; readonly sha256: string }[] {
  const packed = { path: file.path, sha256: file.sha256 };
  return file.unpacked === undefined ? [packed] : [packed, { path: unpackedPath(file), sha256: file.unpacked.sha256 }];
}

function notFound(
  id: string,
  dataset: DatasetSection,
  file: DatasetFileSection,
  searched: readonly string[],
  cache: string | undefined,
): DatasetNotFoundError {
  const { url, commit, path } = file.source ?? dataset.source;
  const why =
    dataset.download === undefined
      ? 'it cannot be converted from its source automatically'
      : cache === undefined
        ? 'no cache folder is configured to download it to'
        : '';
  const message = [
    `dataset '${id}' (${dataset.title}): ${file.path} was not found, and ${why}.`,
    `Searched: ${searched.join(', ') || 'no data folder is configured'}.`,
    `Source: ${[url, commit && `commit ${commit}`, path].filter(Boolean).join(', ')}; licence: ${file.license ?? dataset.license}.`,
    `Put the file where it was searched for (sha256 ${file.sha256}), or name your own files in the recipe's data section.`,
  ].join('\n');
  return new DatasetNotFoundError(id, searched, message);
}
