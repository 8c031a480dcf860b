import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ZooidError } from '@zooid/common';
import { projectRoot } from './recipes/train-recipe.js';

/** A benchmark's data is not on this machine. */
export class DataMissingError extends ZooidError {
  readonly code = 'BENCHMARK_DATA_MISSING';

  constructor(name: string, tried: readonly string[]) {
    super(`data '${name}' is in none of ${tried.join(', ')}; set ZOOID_DATA to the folder that holds it`);
  }
}

const parents = (): string[] =>
  [process.env.ZOOID_DATA, join(projectRoot, '../shared/data')].filter((path) => path !== undefined);

/** The folder of a data set under `$ZOOID_DATA` or `../shared/data`, or `undefined` where there is none. */
export function findDataFolder(name: string): string | undefined {
  return parents()
    .map((parent) => join(parent, name))
    .find((path) => existsSync(path));
}

/** @throws DataMissingError when there is none. @see findDataFolder */
export function dataFolder(name: string): string {
  const found = findDataFolder(name);
  if (found === undefined) throw new DataMissingError(name, parents());
  return found;
}
