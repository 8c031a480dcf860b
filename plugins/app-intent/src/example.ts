import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';
import type { IntentOptions } from './options.js';

/** A gold slot: `[start, end)` in code points of the text, as the data sets give it. */
export interface GoldSlot {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

export interface IntentExample {
  readonly text: string;
  /** One label, or any number when the recipe is multi-label. */
  readonly labels: readonly string[];
  readonly slots: readonly GoldSlot[];
}

/** Reads one record. @throws ValidationError with a pointer per wrong field. */
export function parseExample(
  record: unknown,
  options: Pick<IntentOptions, 'textField' | 'labelField' | 'multiLabel'>,
): IntentExample {
  const issues: Issue[] = [];
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const fields = record as Record<string, unknown>;
  const text = fields[options.textField];
  if (typeof text !== 'string' || text.trim() === '') {
    issues.push({ path: `/${options.textField}`, message: `must be a non-empty string, got ${describe(text)}` });
  } else if (loneSurrogateIndex(text) >= 0) {
    issues.push({ path: `/${options.textField}`, message: 'holds half of a surrogate pair; save the file as UTF-8' });
  }
  const gold = fields[options.labelField];
  const labels = options.multiLabel ? gold : [gold];
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== 'string' || label === '')) {
    const wanted = options.multiLabel ? 'a list of strings' : 'a non-empty string';
    issues.push({ path: `/${options.labelField}`, message: `must be ${wanted}, got ${describe(gold)}` });
  }
  const slots = parseSlots(fields.slots, typeof text === 'string' ? text : '', issues);
  if (issues.length > 0) throw new ValidationError('record', issues);
  return { text: text as string, labels: [...new Set(labels as string[])], slots };
}

function parseSlots(value: unknown, text: string, issues: Issue[]): GoldSlot[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    issues.push({ path: '/slots', message: `must be a list, got ${describe(value)}` });
    return [];
  }
  const characters = value.length === 0 ? [] : [...text];
  return value.flatMap((slot: unknown, i) => {
    const { type, start, end, value: surface } = (slot ?? {}) as Record<string, unknown>;
    const isSlot =
      typeof type === 'string' && Number.isInteger(start) && Number.isInteger(end) && typeof surface === 'string';
    const covered = isSlot ? characters.slice(Math.max(0, start as number), end as number).join('') : undefined;
    if (covered === surface && isSlot) return [{ type, start: start as number, end: end as number, value: surface }];
    const message = isSlot
      ? `covers ${describe(covered)}, but its value is ${describe(surface)}; offsets count code points, end exclusive`
      : 'must have type (string), start and end (integers) and value (string)';
    issues.push({ path: `/slots/${i}`, message });
    return [];
  });
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'string'
      ? JSON.stringify(value.slice(0, 20))
      : `a ${typeof value}`;
}
