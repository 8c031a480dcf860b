import { type Issue, ValidationError } from '@zooid/common';
import { activations } from '../activation.js';

/** What is wrong with a value; `undefined`: nothing. */
export type Check = (value: unknown) => string | undefined;

/** How one field of a config is read. */
export interface FieldRule {
  readonly check?: Check;
  /** The file is not asked: every model of the family has this value. */
  readonly constant?: unknown;
  /** Its name in `config.json`; default: the field's own. */
  readonly key?: string;
  /** Taken when the file has no value, or `null`. */
  readonly fallback?: unknown;
  /** Without a value the field stays out, instead of being missing. */
  readonly optional?: true;
}

/** One rule per field of `T`; the optional fields of `T` may go without. */
export type FieldRules<T> = { readonly [K in keyof T]: FieldRule };

const MAX_LAYERS = 1000;

export const positiveInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'must be a positive integer';
/** A graph has nodes for every layer, so an absurd number must not get as far as building it. */
export const layerCount: Check = (value) =>
  positiveInteger(value) === undefined && (value as number) <= MAX_LAYERS
    ? undefined
    : `must be an integer from 1 to ${MAX_LAYERS}`;
export const nonNegativeInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be an integer ≥ 0';
export const positiveNumber: Check = (value) =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? undefined : 'must be a number > 0';
export const rate: Check = (value) =>
  typeof value === 'number' && value >= 0 && value < 1 ? undefined : 'must be a number in [0, 1)';
export const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
export const activation: Check = (value) =>
  typeof value === 'string' && Object.hasOwn(activations, value)
    ? undefined
    : `must be one of ${Object.keys(activations).join(', ')}`;

export interface ReadFields<T> {
  /** Complete only when there are no issues. */
  readonly values: T;
  readonly issues: readonly Issue[];
  readonly given: Readonly<Record<string, unknown>>;
}

/**
 * Reads the fields that `rules` name and leaves all others alone. A `null` counts as absent.
 *
 * @throws ValidationError when `config` is not an object; what is wrong with single fields comes back as issues.
 */
export function readFields<T>(subject: string, config: unknown, rules: FieldRules<T>): ReadFields<T> {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ValidationError(subject, [{ path: '', message: 'must be an object such as the content of config.json' }]);
  }
  const given = config as Readonly<Record<string, unknown>>;
  const issues: Issue[] = [];
  const values: Record<string, unknown> = {};
  for (const [field, rule] of Object.entries<FieldRule>(rules)) {
    if (rule.constant !== undefined) {
      values[field] = rule.constant;
      continue;
    }
    const key = rule.key ?? field;
    const value = (Object.hasOwn(given, key) ? given[key] : undefined) ?? rule.fallback;
    if (value === undefined) {
      if (rule.optional !== true) issues.push({ path: `/${key}`, message: 'is missing' });
      continue;
    }
    const complaint = rule.check?.(value);
    if (complaint === undefined) values[field] = value;
    else issues.push({ path: `/${key}`, message: `${complaint}, got ${show(value)}` });
  }
  return { values: values as T, issues, given };
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
