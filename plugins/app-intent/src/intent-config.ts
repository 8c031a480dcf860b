import { ValidationError } from '@zooid/common';
import { validateDto } from '@zooid/spec';
import { IntentOptions } from './options.js';

/** The app's section of `config.json`, under the key `intent`. */
export interface IntentConfig {
  readonly options: IntentOptions;
  /** Label order of the output layer. */
  readonly labels: readonly string[];
  /** Slot types in the order of their label rows. */
  readonly slotTypes: readonly string[];
  /** Annotated slot types, which the auxiliary tagging loss learns. */
  readonly goldTypes: readonly string[];
  /** Below this probability the answer is the fallback intent; per label, the threshold when multi-label. */
  readonly threshold: number;
}

/** Reads the section back. @throws ValidationError when the folder was not made by this app. */
export function intentConfigOf(config: Readonly<Record<string, unknown>>): IntentConfig {
  const section = config['intent'] as Partial<IntentConfig> | undefined;
  if (typeof section !== 'object' || section === null || !Array.isArray(section.labels) || !Array.isArray(section.slotTypes)) {
    throw new ValidationError('config.json', [
      { path: '/intent', message: "is missing or incomplete; this folder was not trained by the app 'intent'" },
    ]);
  }
  return {
    options: parseIntentOptions(section.options ?? {}),
    labels: section.labels,
    slotTypes: section.slotTypes,
    goldTypes: section.goldTypes ?? [],
    threshold: typeof section.threshold === 'number' ? section.threshold : 0,
  };
}

/** Validates a recipe's `options`. @throws ValidationError naming unknown keys and their nearest valid one. */
export function parseIntentOptions(options: unknown): IntentOptions {
  return validateDto(IntentOptions, options, 'options of app intent');
}
