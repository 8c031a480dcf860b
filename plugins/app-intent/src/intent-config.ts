import { ValidationError } from '@zooid/common';
import { validateDto, withOverrides } from '@zooid/spec';
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
  const section = config.intent as Partial<IntentConfig> | undefined;
  if (
    typeof section !== 'object' ||
    section === null ||
    !Array.isArray(section.labels) ||
    !Array.isArray(section.slotTypes)
  ) {
    throw new ValidationError('config.json', [
      { path: '/intent', message: "is missing or incomplete; this folder was not trained by the app 'intent'" },
    ]);
  }
  const options = parseIntentOptions(section.options ?? {});
  return {
    options,
    labels: section.labels,
    slotTypes: section.slotTypes,
    goldTypes: section.goldTypes ?? [],
    threshold: typeof section.threshold === 'number' ? section.threshold : defaultThreshold(options),
  };
}

/** What holds until a threshold has been calibrated: nothing is rejected; a label holds when it is more likely than not. */
export function defaultThreshold({ multiLabel, rejection }: IntentOptions): number {
  return rejection.threshold ?? (multiLabel ? 0.5 : 0);
}

const parsed = new WeakMap<object, IntentOptions>();

/**
 * Validates a recipe's `options`; the same object is validated once, however often it is asked about.
 *
 * @throws ValidationError naming unknown keys and their nearest valid one.
 */
export function parseIntentOptions(options: object): IntentOptions {
  let result = parsed.get(options);
  if (result === undefined) {
    result = validateDto(IntentOptions, options, 'options of app intent');
    parsed.set(options, result);
  }
  return result;
}

/** `options` with those of `overrides` instead, also inside sections. */
export const mergeOptions = (options: IntentOptions, overrides: Readonly<Record<string, unknown>>): IntentOptions =>
  parseIntentOptions(withOverrides(options, overrides));
