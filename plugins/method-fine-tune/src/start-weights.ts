import { type Logger, ValidationError } from '@zooid/common';
import { type ImportedModel, isEncoderTensor, readBaseWeights } from '@zooid/method-kit';
import type { DeclaredParameter, EncoderFamily } from '@zooid/nn';
import type { TrainingJob } from '@zooid/spec';
import { matcher } from './matcher.js';
import type { FineTuneOptions } from './options.js';
import type { Adapter } from './tuning/read-adapter.js';
import { mergeAll, type Tuning, tuningKinds, type Weights } from './tuning/tuning.js';

export interface StartWeightsRequest {
  readonly family: EncoderFamily;
  readonly declared: readonly DeclaredParameter[];
  readonly options: FineTuneOptions;
  readonly tuning: Tuning;
  readonly isTrained: (name: string) => boolean;
  readonly adapter: Adapter | undefined;
  /** The base model, where it is an exported graph. */
  readonly imported: ImportedModel | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/**
 * The values that training starts from, where they are not drawn: the base model's, and those of an adapter on it, which
 * with `lora` goes on learning beside the base and otherwise is merged into it.
 *
 * @returns `undefined` from scratch.
 * @throws ValidationError for a base that does not fit, and for parameters that would stay frozen without having learned.
 */
export async function startWeights(job: TrainingJob, request: StartWeightsRequest): Promise<Weights | undefined> {
  const { family, declared, options, tuning, isTrained, adapter, imported, logger, signal } = request;
  if (job.base === undefined) return undefined;
  const { folder, config, id } = job.base;
  const { weights, fresh, unused } =
    imported?.weights(declared) ??
    (await readBaseWeights({
      folder,
      config,
      declared,
      optional: (name) => tuning.adds(name) || (!options.keepHead && !isEncoderTensor(name, family)),
      allowMissing: matcher(options.allowMissing, { at: '/train/allowMissing' }).matches,
      signal,
    }));
  logger.info({ base: id, loaded: weights.size, fresh, unused }, 'base weights loaded');
  if (tuningKinds(options).length > 0) {
    refuseFrozen(fresh.filter((name) => !isTrained(name) && adapter?.weights.has(name) !== true));
  }
  if (adapter === undefined) return weights;
  logger.info({ updates: adapter.plan.size, unused: adapter.unused }, 'adapter loaded');
  const both = new Map([...weights, ...adapter.weights]);
  return options.lora === undefined ? mergeAll(both, adapter.plan) : both;
}

/** Random values that nobody trains. */
function refuseFrozen(names: readonly string[]): void {
  if (names.length === 0) return;
  throw new ValidationError(
    'recipe',
    names.map((name) => ({
      path: '/train/unfreeze',
      message: `lacks '${name}': the base model has no such parameter, so it would stay random`,
    })),
  );
}
