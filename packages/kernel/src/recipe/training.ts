import { dirname, resolve } from 'node:path';
import { capabilityOf, type Issue, ValidationError } from '@zooid/common';
import {
  type App,
  checkDto,
  didYouMean,
  type Method,
  RecipeOptions,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
  toPlain,
} from '@zooid/spec';
import { readYaml, type YamlFile } from '../config/yaml-file.js';
import { countRecords } from '../data/file-split.js';
import type { ModelPool } from '../models/model-pool.js';
import type { Registry } from '../registry.js';
import { applyOverrides } from './overrides.js';
import { Recipe } from './recipe.js';
import { type DataSources, resolveData } from './resolve-data.js';

export interface PrepareOptions {
  /** `train.epochs=1` and the like; see `applyOverrides`. */
  readonly overrides?: readonly string[];
  /** The model folder to create. */
  readonly output: string;
  /** Continue the run in `output`. Default: false. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
}

/** A job whose recipe, options and data have all been checked. */
export interface PreparedTraining {
  readonly method: Method;
  readonly job: TrainingJob;
  /** Records per split. */
  readonly records: Readonly<Record<string, number>>;
}

/** Trains apps from recipes. */
export interface Training {
  /**
   * Reads a recipe and checks everything that can be checked before a step is made: keys, names, the options of app
   * and method, whether the two fit, the base model, the digests of registered data, and that every data line can be
   * read.
   *
   * @throws ValidationError with pointer and line for what is wrong in the recipe or the data; ModelNotFoundError;
   * DatasetNotFoundError.
   */
  prepare(recipeFile: string, options: PrepareOptions): Promise<PreparedTraining>;
  run(prepared: PreparedTraining, context: TrainingContext): Promise<TrainingResult>;
}

export interface TrainingParts {
  readonly apps: Registry<App>;
  readonly methods: Registry<Method>;
  readonly models: ModelPool;
  readonly data: DataSources;
}

export function createTraining(parts: TrainingParts): Training {
  return {
    prepare: (recipeFile, options) => prepare(parts, recipeFile, options),
    run: ({ method, job }, context) => method.run(job, context),
  };
}

async function prepare(parts: TrainingParts, recipeFile: string, options: PrepareOptions): Promise<PreparedTraining> {
  const yaml: YamlFile = await readYaml(recipeFile);
  if (typeof yaml.content !== 'object' || yaml.content === null || Array.isArray(yaml.content)) {
    throw new ValidationError(recipeFile, [{ path: '', message: 'must be a mapping with app, data and train' }]);
  }
  const content = yaml.content as Record<string, unknown>;
  applyOverrides(content, options.overrides ?? []);
  // `--set encoder=` takes a section away, so that a model can stand in its place.
  for (const [key, value] of Object.entries(content)) if (value === null) delete content[key];

  const { instance: recipe, issues: recipeIssues } = checkDto(Recipe, content);
  if (recipe === undefined || recipeIssues.length > 0) yaml.refuse(recipeIssues);
  const { app, method, methodOptions, issues } = checkParts(parts, recipe);
  if (app === undefined || method === undefined || methodOptions === undefined || issues.length > 0) {
    yaml.refuse(issues);
  }

  const context = options.signal === undefined ? {} : { signal: options.signal };
  // Like every path of a recipe, a model folder that starts with a dot is relative to the recipe.
  const reference = recipe.model?.startsWith('.') ? resolve(dirname(recipeFile), recipe.model) : recipe.model;
  const base = reference === undefined ? undefined : await parts.models.resolve(reference, context);
  const resolved = await resolveData(recipe.data, parts.data, {
    recipeFile: resolve(recipeFile),
    seed: recipe.seed,
    ...context,
  });
  if (resolved.data === undefined) yaml.refuse(resolved.issues);

  const records: Record<string, number> = {};
  for (const split of [resolved.data.train, resolved.data.validation, resolved.data.test]) {
    if (split !== undefined) records[split.name] = await countRecords(split, options.signal);
  }
  const job: TrainingJob = {
    app,
    appOptions: recipe.options ?? {},
    options: methodOptions,
    ...(base !== undefined && { base }),
    data: resolved.data,
    seed: recipe.seed,
    recipe: { ...toPlain(recipe), train: toPlain(methodOptions) },
    output: resolve(options.output),
    resume: options.resume ?? false,
  };
  return { method, job, records };
}

/** Looks up app and method and lets each check its own section; all problems are gathered. */
function checkParts(
  { apps, methods }: TrainingParts,
  recipe: Recipe,
): {
  readonly app?: App;
  readonly method?: Method;
  readonly methodOptions?: object;
  readonly issues: readonly Issue[];
} {
  const issues: Issue[] = [];
  const app = named(apps, recipe.app, '/app', issues);
  const method = named(methods, recipe.method, '/method', issues);
  if (recipe.model !== undefined && recipe.encoder !== undefined) {
    issues.push({
      path: '/encoder',
      message: 'cannot be combined with model, whose encoder is used; remove one of them (--set encoder= does)',
    });
  }
  if (app === undefined || method === undefined) return { issues };

  const misfit = method.misfit(app);
  if (misfit !== undefined) {
    issues.push({ path: '/method', message: `'${method.name}' cannot train app '${app.name}': ${misfit}` });
  }
  const optionsClass = capabilityOf(app, RecipeOptions);
  if (optionsClass !== undefined) issues.push(...checkDto(optionsClass, recipe.options ?? {}, '/options').issues);
  const checked = checkDto(method.options, recipe.train ?? {}, '/train');
  issues.push(...checked.issues);
  return { app, method, issues, ...(checked.instance !== undefined && { methodOptions: checked.instance }) };
}

function named<T>(registry: Registry<T>, name: string, at: string, issues: Issue[]): T | undefined {
  if (registry.has(name)) return registry.get(name);
  const hint = didYouMean(name, registry.names) || `; loaded: ${registry.names.join(', ') || 'none'}`;
  issues.push({ path: at, message: `names '${name}', which no loaded plugin provides${hint}` });
  return undefined;
}
