import type { App, ModelArtifacts, ModelBackend, RunContext, VariantRequest } from '@zooid/spec';
import { recordSamples } from '../models/record-samples.js';
import type { DataSources } from '../recipe/resolve-data.js';
import type { Registry } from '../registry.js';
import { type EvaluationOptions, findEvaluation } from './app-evaluation.js';

/** What comparisons need of a kernel. */
export interface ComparisonParts {
  readonly apps: Registry<App>;
  readonly data: DataSources['files'];
  readonly datasets: DataSources['datasets'];
}

export type ComparisonOptions = EvaluationOptions & Pick<VariantRequest, 'signal' | 'tolerance' | 'onProgress'>;

/** What forms of a model are compared on. */
export interface ComparisonBasis {
  /** Labelled data that the forms are scored on. */
  readonly evaluation?: { readonly data: string; readonly examples: number; readonly total: number };
  /** Why there is none; forms are compared by their outputs then. */
  readonly whyNoEvaluation?: string;
  /** Forward passes that are compared instead: of the model's golden items, or none, and then on random inputs. */
  readonly goldenSamples: number;
}

/**
 * Finds what there is to compare on: labelled data, or else what the app feeds the model for its golden items.
 *
 * @throws ValidationError for named data that cannot be used.
 */
export async function prepareComparison(
  { apps, data: files, datasets }: ComparisonParts,
  backend: ModelBackend,
  artifacts: ModelArtifacts,
  source: string,
  { signal, tolerance, onProgress, ...options }: ComparisonOptions,
): Promise<{ readonly request: Omit<VariantRequest, 'variants'>; readonly basis: ComparisonBasis }> {
  const context: RunContext = signal === undefined ? {} : { signal };
  await using model = await backend.load(artifacts, { ...context, variant: source });
  const found = await findEvaluation(apps, { files, datasets }, model, options, context);
  const samples = found.evaluation === undefined ? await recordSamples(apps, model, context) : [];
  const { evaluation } = found;
  return {
    request: {
      ...context,
      samples,
      ...(evaluation !== undefined && { evaluation }),
      ...(tolerance !== undefined && { tolerance }),
      ...(onProgress !== undefined && { onProgress }),
    },
    basis: {
      goldenSamples: samples.length,
      ...(found.evaluation === undefined
        ? { whyNoEvaluation: found.why }
        : {
            evaluation: { data: found.evaluation.data, examples: found.evaluation.examples, total: found.total },
          }),
    },
  };
}
