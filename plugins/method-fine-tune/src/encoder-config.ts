import { ValidationError } from '@zooid/common';
import { encoderFromScratch } from '@zooid/method-kit';
import { encoderFamily } from '@zooid/nn';
import type { TrainingJob } from '@zooid/spec';
import type { FineTuneOptions } from './options.js';

/**
 * The encoder config to build on: the base model's, or the recipe's `encoder: { preset, …overrides }`, with the
 * dropout of the options.
 *
 * @throws ValidationError for an unknown preset, an unknown or ill-typed field, or an encoder beside a base model.
 */
export function encoderConfigOf(job: TrainingJob, options: FineTuneOptions): Readonly<Record<string, unknown>> {
  const dropout =
    options.dropout === undefined
      ? {}
      : { hidden_dropout_prob: options.dropout, attention_probs_dropout_prob: options.dropout };
  const section = job.recipe.encoder as Readonly<Record<string, unknown>> | undefined;
  if (job.base !== undefined) {
    if (section !== undefined && Object.keys(section).length > 0) {
      throw new ValidationError('recipe', [
        { path: '/encoder', message: 'must be left out: the base model says what the encoder is' },
      ]);
    }
    const family = encoderFamily(job.base.config);
    family.parse(job.base.config);
    return options.dropout === undefined ? job.base.config : family.withDropout(job.base.config, options.dropout);
  }
  return encoderFromScratch(job.recipe, dropout);
}
