import { basename, join } from 'node:path';
import { AbortError, ValidationError, ZooidError } from '@zooid/common';
import type { DataSplit, ModelArtifacts, RunContext } from '@zooid/spec';
import { findNamedData } from '../data/named-data.js';
import type { RecipeData } from '../recipe/recipe.js';
import { type DataSources, resolveData } from '../recipe/resolve-data.js';

/** Labelled data to compare forms of a model on. */
export interface EvaluationData {
  /** For people: a file, or `clinc150:dev`. */
  readonly name: string;
  readonly split: DataSplit;
}

/** Data that a user names: a file, or `dataset:split` of the registry. @throws ValidationError, DatasetNotFoundError */
export async function namedEvaluationData(
  name: string,
  { files, datasets }: DataSources,
  { signal }: RunContext,
): Promise<EvaluationData> {
  const context = signal === undefined ? {} : { signal };
  const path = await findNamedData(name, datasets, signal);
  if (path !== undefined) return { name, split: await files.split('evaluation', [path], context) };
  throw new ValidationError('evaluation', [
    { path: '/data', message: `${name}: there is no such file (a registered data set is named like cais:test)` },
  ]);
}

/**
 * The data that a model was validated on, or else tested on, where its files are on this machine and still what its
 * manifest says. Nothing is downloaded.
 *
 * @returns why there is none, as a sentence without a subject.
 */
export async function ownEvaluationData(
  { manifest, folder }: ModelArtifacts,
  { files, datasets }: DataSources,
  { signal }: RunContext,
): Promise<EvaluationData | string> {
  const recipe = manifest?.recipe as { readonly data?: RecipeData; readonly seed?: number } | undefined;
  const entries = manifest?.data as readonly { readonly name: string; readonly sha256: string }[] | undefined;
  const name = (['validation', 'test'] as const).find((split) => recipe?.data?.[split] !== undefined);
  if (recipe?.data === undefined || name === undefined) return 'its manifest names no validation or test data';
  const sources = { files, datasets: datasets.withoutDownloads() };
  try {
    const split = await openSplit(recipe.data, name, sources, {
      recipeFile: join(folder, 'recipe.yaml'),
      seed: recipe.seed ?? 0,
      signal,
    });
    if (typeof split === 'string') return `its ${name} data is not at hand (${split})`;
    if (split.digest !== entries?.find((entry) => entry.name === name)?.sha256) {
      return `the ${name} data at hand is not what its manifest describes`;
    }
    return { name: nameOf(recipe.data, name, split), split };
  } catch (error) {
    AbortError.throwIfAborted(signal);
    if (!ZooidError.is(error)) throw error;
    return `its ${name} data is not at hand (${error.message.split('\n')[0]})`;
  }
}

/** Opens one split of a recipe, and the training data only where that is a part of it. */
async function openSplit(
  data: RecipeData,
  name: 'validation' | 'test',
  sources: DataSources,
  options: Parameters<typeof resolveData>[2],
): Promise<DataSplit | string> {
  const { dataset, train } = data;
  const wanted = data[name]!;
  const isPart = typeof wanted === 'object' && !Array.isArray(wanted);
  const section = {
    ...(dataset !== undefined && { dataset }),
    ...(isPart ? { train, validation: wanted } : { train: wanted }),
  };
  const resolved = await resolveData(section, sources, options);
  if (resolved.data === undefined) return resolved.issues.map(({ message }) => message).join('; ');
  return isPart ? resolved.data.validation! : resolved.data.train;
}

function nameOf({ dataset }: RecipeData, name: string, { files }: DataSplit): string {
  const file = files.map((path) => basename(path)).join(', ');
  return dataset === undefined ? `${name} (${file})` : `${dataset} ${name}`;
}
