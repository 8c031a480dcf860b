import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Issue, ZooidError } from '@zooid/common';
import { type DataSplit, didYouMean, pointer, type TrainingJob } from '@zooid/spec';
import type { DataFiles } from '../data/data-files.js';
import type { DatasetFiles } from '../data/dataset-files.js';
import { drawFraction } from '../data/file-split.js';
import type { RecipeData, SplitFraction } from './recipe.js';

export interface DataSources {
  readonly files: DataFiles;
  readonly datasets: DatasetFiles;
}

export interface ResolveDataOptions {
  readonly recipeFile: string;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Turns the `data` section into splits and paths. Problems that the recipe can fix come back as issues; a data set
 * that is missing or damaged is thrown as the error it is.
 */
export async function resolveData(
  data: RecipeData,
  sources: DataSources,
  options: ResolveDataOptions,
): Promise<{ readonly data?: TrainingJob['data']; readonly issues: readonly Issue[] }> {
  const resolver = new DataResolver(data.dataset, sources, options);
  if (data.dataset !== undefined && !sources.datasets.registry.has(data.dataset)) {
    const { names } = sources.datasets.registry;
    const hint = didYouMean(data.dataset, names) || `; known: ${names.join(', ') || 'none'}`;
    return { issues: [{ path: '/data/dataset', message: `names the unknown dataset '${data.dataset}'${hint}` }] };
  }

  const fraction = isFraction(data.validation) ? data.validation.fraction : undefined;
  const trainFiles = await resolver.split('/data/train', data.train);
  const testFiles = data.test === undefined ? undefined : await resolver.split('/data/test', data.test);
  const validationFiles =
    data.validation === undefined || isFraction(data.validation)
      ? undefined
      : await resolver.split('/data/validation', data.validation);
  const resources: Record<string, string> = {};
  for (const [name, reference] of Object.entries(data.resources ?? {})) {
    const path = await resolver.resource(pointer('/data/resources', name), reference);
    if (path !== undefined) resources[name] = path;
  }
  if (resolver.issues.length > 0) return { issues: resolver.issues };

  const open = (name: string, files: readonly string[], extra = {}): Promise<DataSplit> =>
    sources.files.split(name, files, { ...extra, ...(options.signal && { signal: options.signal }) });
  let train = await open('train', trainFiles);
  let validation = validationFiles === undefined ? undefined : await open('validation', validationFiles);
  if (fraction !== undefined) {
    const { drawn, rest } = drawFraction(train, fraction, options.seed);
    train = await open('train', trainFiles, { selection: rest });
    validation = await open('validation', trainFiles, { selection: drawn });
  }
  const test = testFiles === undefined ? undefined : await open('test', testFiles);
  return {
    issues: [],
    data: { train, ...(validation !== undefined && { validation }), ...(test !== undefined && { test }), resources },
  };
}

/** Follows names to files and gathers what cannot be followed. */
class DataResolver {
  readonly issues: Issue[] = [];
  readonly #dataset: string | undefined;
  readonly #sources: DataSources;
  readonly #options: ResolveDataOptions;

  constructor(dataset: string | undefined, sources: DataSources, options: ResolveDataOptions) {
    this.#dataset = dataset;
    this.#sources = sources;
    this.#options = options;
  }

  async split(at: string, names: string | readonly string[]): Promise<readonly string[]> {
    const files: string[] = [];
    const isList = typeof names !== 'string';
    for (const [index, name] of (isList ? names : [names]).entries()) {
      const file = await this.#splitFile(isList ? pointer(at, index) : at, name);
      if (file !== undefined) files.push(file);
    }
    return files;
  }

  async resource(at: string, reference: unknown): Promise<string | undefined> {
    if (typeof reference === 'string') return this.#reference(at, reference);
    this.issues.push({ path: at, message: 'must be dataset/file of the registry, or a file path' });
    return undefined;
  }

  /** A split of the recipe's own data set by its plain name, or what `#reference` takes. */
  async #splitFile(at: string, name: string): Promise<string | undefined> {
    const isPlain = !/[./\\]/.test(name);
    return this.#dataset !== undefined && isPlain
      ? this.#registered(at, this.#dataset, name)
      : this.#reference(at, name);
  }

  /** `dataset/file` of the registry, or a path relative to the recipe. */
  async #reference(at: string, reference: string): Promise<string | undefined> {
    const [id, name, ...rest] = reference.split('/');
    if (name !== undefined && rest.length === 0 && this.#sources.datasets.registry.has(id!)) {
      return this.#registered(at, id!, name);
    }
    return this.#path(at, reference);
  }

  async #registered(at: string, id: string, name: string): Promise<string | undefined> {
    try {
      return (await this.#sources.datasets.locate(id, name, this.#options.signal)).path;
    } catch (error) {
      if (!ZooidError.is(error) || error.code !== 'NAME_UNKNOWN') throw error;
      this.issues.push({ path: at, message: error.message });
      return undefined;
    }
  }

  #path(at: string, name: string): string | undefined {
    const path = resolve(dirname(this.#options.recipeFile), name);
    if (existsSync(path)) return path;
    this.issues.push({ path: at, message: `names the file ${path}, which does not exist` });
    return undefined;
  }
}

function isFraction(value: RecipeData['validation']): value is SplitFraction {
  return typeof value === 'object' && !Array.isArray(value);
}
