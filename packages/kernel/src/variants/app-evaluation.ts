import { ValidationError } from '@zooid/common';
import {
  type App,
  type Model,
  type ModelArtifacts,
  ModelError,
  type RunContext,
  type VariantEvaluation,
} from '@zooid/spec';
import { atOrigin } from '../data/named-data.js';
import { appOf } from '../endpoints/app-of-model.js';
import type { DataSources } from '../recipe/resolve-data.js';
import type { Registry } from '../registry.js';
import { type EvaluationData, namedEvaluationData, ownEvaluationData } from './evaluation-data.js';

/** More examples than this say little more, and cost minutes. */
const MAX_EXAMPLES = 2000;

export interface EvaluationOptions {
  /** A file, or `dataset:split`. Default: what the model was validated on, where that is at hand. */
  readonly data?: string;
  /** Examples to use, spread evenly over the data. Default: 2000. */
  readonly examples?: number;
}

/** A model's app with labelled data, or why there is none. */
export type FoundEvaluation =
  | { readonly evaluation: VariantEvaluation; readonly total: number }
  | { readonly evaluation?: undefined; readonly why: string };

/**
 * How the app of `model` can score its forms.
 *
 * @throws ValidationError when data is named that cannot be used; for the model's own data that is no error.
 */
export async function findEvaluation(
  apps: Registry<App>,
  sources: DataSources,
  model: Model,
  { data, examples = MAX_EXAMPLES }: EvaluationOptions,
  context: RunContext,
): Promise<FoundEvaluation> {
  const { artifacts } = model;
  const refuse = (why: string): FoundEvaluation => {
    if (data === undefined) return { why };
    throw new ValidationError('evaluation', [{ path: '/data', message: `cannot be used: ${why}` }]);
  };
  const app = loadedApp(apps, artifacts);
  if (app === undefined) return refuse('no loaded app knows the model');
  const found =
    data === undefined
      ? await ownEvaluationData(artifacts, sources, context)
      : await namedEvaluationData(data, sources, context);
  if (typeof found === 'string') return { why: found };
  const { records, origins, total } = await readSpread(found, examples, context);
  if (records.length === 0) return refuse('it holds no examples');
  if (!(await canScore(app, model, context))) return refuse(`app '${app.name}' does not score its answers`);
  const metric = (artifacts.manifest?.recipe as { train?: { metric?: unknown } } | undefined)?.train?.metric;
  return {
    total,
    evaluation: {
      data: found.name,
      examples: records.length,
      ...(typeof metric === 'string' && { metric }),
      score: (form, options = {}) => score(app, form, records, origins, options),
    },
  };
}

/** Asked last: opening an app takes as long as loading its dictionaries and indexes does. */
async function canScore(app: App, model: Model, context: RunContext): Promise<boolean> {
  await using instance = await app.open(model, context);
  return instance.evaluate !== undefined;
}

function loadedApp(apps: Registry<App>, artifacts: ModelArtifacts): App | undefined {
  try {
    const name = appOf(artifacts, apps.names);
    return apps.has(name) ? apps.get(name) : undefined;
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

async function score(
  app: App,
  model: Model,
  records: readonly unknown[],
  origins: readonly string[],
  context: RunContext,
) {
  await using instance = await app.open(model, context);
  if (instance.evaluate === undefined) {
    throw new ModelError(model.artifacts.id, `app '${app.name}' does not score its answers`);
  }
  try {
    const { metrics } = await instance.evaluate(records, context);
    return metrics;
  } catch (error) {
    throw atOrigin(error, origins);
  }
}

/** At most `limit` records, as far apart as the data allows. */
async function readSpread({ split }: EvaluationData, limit: number, { signal }: RunContext) {
  const all: { readonly record: unknown; readonly origin: string }[] = [];
  for await (const line of split.records(signal)) all.push(line);
  const count = Math.min(limit, all.length);
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
  return {
    records: chosen.map(({ record }) => record),
    origins: chosen.map(({ origin }) => origin),
    total: all.length,
  };
}
