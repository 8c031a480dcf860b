import { existsSync } from 'node:fs';
import { ValidationError } from '@zooid/common';
import type { DatasetFiles } from './dataset-files.js';

/**
 * The file of data that a user names: a path, or `dataset:split` of the registry, which may be downloaded.
 *
 * @returns undefined when it is neither a file nor of that form.
 */
export async function findNamedData(
  name: string,
  datasets: Pick<DatasetFiles, 'locate'>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (existsSync(name)) return name;
  const [, id, split] = /^([^:/\\]+):([^:/\\]+)$/.exec(name) ?? [];
  return id === undefined || split === undefined ? undefined : (await datasets.locate(id, split, signal)).path;
}

/**
 * Apps count records; people look for file and line.
 *
 * @param error of an app that scored records, with pointers such as `/3/label`
 * @param origins of the records, in their order
 * @returns the first issue at its origin, or `error` where it names no record.
 */
export function atOrigin(error: unknown, origins: readonly string[]): unknown {
  if (!(error instanceof ValidationError)) return error;
  const [first] = error.issues;
  const [, index, field = ''] = /^\/(\d+)(\/.*)?$/.exec(first?.path ?? '') ?? [];
  const origin = origins[Number(index)];
  if (first === undefined || index === undefined || origin === undefined) return error;
  return new ValidationError(origin, [{ path: field, message: first.message }]);
}
