import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';
import type { TextClassificationOptions } from './options.js';

export interface ClassifiedExample {
  readonly text: string;
  readonly text_pair?: string;
  /** One label, or any number when the recipe is multi-label. */
  readonly labels: readonly string[];
}

export type RecordFields = Pick<
  TextClassificationOptions,
  'textField' | 'pairField' | 'labelField' | 'labelNames' | 'multiLabel'
>;

/** Reads one record. @throws ValidationError with a pointer per wrong field. */
export function parseExample(record: unknown, fields: RecordFields): ClassifiedExample {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const values = record as Readonly<Record<string, unknown>>;
  const issues: Issue[] = [];
  const text = readText(values, fields.textField, issues);
  const pair = fields.pairField === undefined ? undefined : readText(values, fields.pairField, issues);
  const labels = readLabels(values[fields.labelField], fields, issues);
  if (issues.length > 0) throw new ValidationError('record', issues);
  return { text, ...(pair === undefined ? {} : { text_pair: pair }), labels };
}

function readText(values: Readonly<Record<string, unknown>>, field: string, issues: Issue[]): string {
  const text = values[field];
  if (typeof text !== 'string' || text.trim() === '') {
    issues.push({ path: `/${field}`, message: `must be a non-empty string, got ${describe(text)}` });
    return '';
  }
  if (loneSurrogateIndex(text) >= 0) {
    issues.push({ path: `/${field}`, message: 'holds half of a surrogate pair; save the file as UTF-8' });
  }
  return text;
}

function readLabels(gold: unknown, { labelField, labelNames, multiLabel }: RecordFields, issues: Issue[]): string[] {
  const labels: unknown[] = multiLabel && Array.isArray(gold) ? gold : [gold];
  if ((multiLabel && !Array.isArray(gold)) || !labels.every(isLabel)) {
    const wanted = multiLabel ? 'a list of labels' : 'a label';
    const message = `must be ${wanted} (non-empty strings, whole numbers or booleans), got ${describe(gold)}`;
    issues.push({ path: `/${labelField}`, message });
    return [];
  }
  const names = labels
    .map(String)
    .map((label) => (Object.hasOwn(labelNames ?? {}, label) ? labelNames![label]! : label));
  return [...new Set(names)];
}

const isLabel = (value: unknown): boolean =>
  (typeof value === 'string' && value !== '') || Number.isSafeInteger(value) || typeof value === 'boolean';

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : `a ${typeof value}`;
}

/** Field names of common data sets, for models that no recipe of ours tells the fields of. */
const commonFields = [
  ['text', 'text_pair'],
  ['text_a', 'text_b'],
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['sentence', undefined],
] as const;

/** Which of the common fields `record` has; those of requests when it has none. */
export function guessFields(record: unknown): Pick<RecordFields, 'textField' | 'pairField'> {
  const has = (field: string) => typeof record === 'object' && record !== null && Object.hasOwn(record, field);
  const [textField, pairField] = commonFields.find(([first]) => has(first)) ?? commonFields[0];
  return { textField, ...(pairField !== undefined && has(pairField) ? { pairField } : {}) };
}
