import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { DataLine, DataSplit, DatasetFormat } from '@zooid/spec';
import type { Registry } from '../registry.js';
import { sha256OfFile } from './digest.js';
import { FileSplit, type Selection } from './file-split.js';

/** Reads data files of any format a loaded plugin knows. */
export class DataFiles {
  readonly #formats: Registry<DatasetFormat>;
  readonly #root: string;

  constructor(formats: Registry<DatasetFormat>, root: string) {
    this.#formats = formats;
    this.#root = root;
  }

  /** The format for a file, by the longest matching ending. @throws ValidationError naming the known endings. */
  formatOf(file: string): DatasetFormat {
    let best: { readonly format: DatasetFormat; readonly length: number } | undefined;
    for (const format of this.#formats) {
      for (const extension of format.extensions) {
        if (file.toLowerCase().endsWith(extension) && extension.length > (best?.length ?? 0)) {
          best = { format, length: extension.length };
        }
      }
    }
    if (best !== undefined) return best.format;
    const known = [...this.#formats].flatMap(({ extensions }) => extensions).join(', ') || 'none';
    throw new ValidationError(file, [
      {
        path: '',
        message: `is in a format that no loaded plugin reads (known endings: ${known}); load a dataset plugin for it`,
      },
    ]);
  }

  /** Records and bad lines in file order; the caller decides what a bad line means. */
  read(file: string, signal?: AbortSignal): AsyncIterable<DataLine> {
    return this.formatOf(file).read(file, signal === undefined ? {} : { signal });
  }

  /**
   * A strict split over files: reading it ends at the first bad line.
   * @throws ValidationError when a file is missing or in an unknown format.
   */
  async split(
    name: string,
    files: readonly string[],
    options: { readonly selection?: Selection; readonly signal?: AbortSignal } = {},
  ): Promise<DataSplit> {
    const described = [];
    for (const file of files) {
      const path = resolve(this.#root, file);
      if (!existsSync(path)) throw new ValidationError(file, [{ path: '', message: 'there is no such file' }]);
      this.formatOf(path);
      described.push({ path, sha256: await sha256OfFile(path, options.signal) });
    }
    return new FileSplit({
      name,
      files: described,
      read: (path, signal) => this.read(path, signal),
      display: (path) => this.#display(path),
      ...(options.selection !== undefined && { selection: options.selection }),
    });
  }

  /** Short for files of the project, absolute for others. */
  #display(path: string): string {
    const short = relative(this.#root, path);
    return short.startsWith('..') || isAbsolute(short) ? path : short;
  }
}
