import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AbortError } from '@zooid/common';
import { DatasetError } from '@zooid/spec';
import { converterNamed } from './converters.js';
import { type DatasetSection, type DownloadFileSection, unpackedPath } from './dataset-registry.js';
import { sha256 } from './digest.js';

export interface DownloadOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly onDownload: (dataset: string, url: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads the original files of a data set, converts them and writes the results into `folder`. Both the originals
 * and the results are checked against the registry's digests; a file appears under its name only when complete.
 *
 * @throws DatasetError naming the URL, or the file that came out differently; AbortError.
 */
export async function downloadDataset(
  id: string,
  dataset: DatasetSection,
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  const { converter, files, columns } = dataset.download!;
  const sources = new Map<string, Uint8Array>();
  for (const [name, file] of Object.entries(files)) sources.set(name, await download(id, file, options));

  let converted: ReadonlyMap<string, Uint8Array>;
  try {
    converted = converterNamed(converter)(sources, columns === undefined ? {} : { columns });
  } catch (cause) {
    throw new DatasetError(id, `dataset '${id}' could not be converted: ${(cause as Error).message}`, { cause });
  }
  for (const [name, file] of Object.entries(dataset.files)) {
    const bytes = converted.get(name);
    if (bytes === undefined) continue; // a resource that does not come from this source
    const expected = (file.unpacked ?? file).sha256;
    if (sha256(bytes) !== expected) {
      throw new DatasetError(
        id,
        `dataset '${id}': converting ${name} gave other content than registered (sha256 ${sha256(bytes)}, expected ${expected})`,
      );
    }
    await writeAtomically(join(folder, unpackedPath(file)), bytes);
  }
}

async function download(
  id: string,
  file: DownloadFileSection,
  { fetch, onDownload, signal }: DownloadOptions,
): Promise<Uint8Array> {
  onDownload(id, file.url);
  let bytes: Uint8Array;
  try {
    const response = await fetch(file.url, signal === undefined ? {} : { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    AbortError.throwIfAborted(signal);
    throw new DatasetError(
      id,
      `dataset '${id}': ${file.url} could not be downloaded: ${(cause as Error).message}; try again, or put the files into a data folder yourself`,
      { cause },
    );
  }
  const actual = sha256(bytes);
  if (actual !== file.sha256) {
    throw new DatasetError(
      id,
      `dataset '${id}': ${file.url} gave ${bytes.length} bytes with sha256 ${actual}, expected ${file.bytes} bytes with ${file.sha256}; the download was cut short or the source has changed`,
    );
  }
  return bytes;
}

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.part`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}
