import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';
import { CodePoints } from '@zooid/tokenizers';
import type { TokenClassificationOptions } from './options.js';
import { type Entity, readTokens, type TaggedText } from './token-records.js';

export type RecordFields = Pick<
  TokenClassificationOptions,
  'textField' | 'entitiesField' | 'tokensField' | 'tagsField' | 'tagNames' | 'joinTokens'
>;

/**
 * Reads one record: a text with spans in code points, or tokens with tags.
 *
 * @throws ValidationError with a pointer per wrong field.
 */
export function parseExample(record: unknown, fields: RecordFields): TaggedText {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const values = record as Readonly<Record<string, unknown>>;
  const issues: Issue[] = [];
  const isTokens = values[fields.textField] === undefined && values[fields.tokensField] !== undefined;
  const example = isTokens ? readTokens(values, fields, issues) : readSpans(values, fields, issues);
  const field = isTokens ? fields.tokensField : fields.textField;
  if (example !== undefined && loneSurrogateIndex(example.text) >= 0) {
    issues.push({ path: `/${field}`, message: 'holds half of a surrogate pair; save the file as UTF-8' });
  }
  if (issues.length > 0) throw new ValidationError('record', issues);
  return example!;
}

function readSpans(
  values: Readonly<Record<string, unknown>>,
  { textField, entitiesField }: RecordFields,
  issues: Issue[],
): TaggedText | undefined {
  const text = values[textField];
  if (typeof text !== 'string' || text.trim() === '') {
    issues.push({ path: `/${textField}`, message: `must be a non-empty string, got ${describe(text)}` });
    return undefined;
  }
  const spans = values[entitiesField];
  if (!Array.isArray(spans)) {
    const message = `must be a list of {type, start, end}, empty where there are none; got ${describe(spans)}`;
    issues.push({ path: `/${entitiesField}`, message });
    return undefined;
  }
  const points = new CodePoints(text);
  const entities = spans.flatMap((span: unknown, i) => readSpan(span, points, `/${entitiesField}/${i}`, issues));
  return { text, entities };
}

function readSpan(span: unknown, points: CodePoints, path: string, issues: Issue[]): Entity[] {
  const { type, start, end, value } = (span ?? {}) as Record<string, unknown>;
  const refuse = (message: string): [] => {
    issues.push({ path, message });
    return [];
  };
  if (typeof type !== 'string' || type === '' || !Number.isInteger(start) || !Number.isInteger(end)) {
    return refuse('must have type (a non-empty string), start and end (integers)');
  }
  const [from, to] = [start as number, end as number];
  if (from < 0 || to <= from || to > points.length) {
    return refuse(`goes from ${from} to ${to}, but the text has code points 0 to ${points.length}, end exclusive`);
  }
  if (typeof value === 'string' && points.slice(from, to) !== value) {
    const covered = JSON.stringify(points.slice(from, to));
    return refuse(
      `covers ${covered}, but its value is ${JSON.stringify(value)}; offsets count code points, end exclusive`,
    );
  }
  return [{ type, start: points.toUtf16(from), end: points.toUtf16(to) }];
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 20)) : `a ${typeof value}`;
}

/** Names that data sets give their spans. */
const commonFields = ['entities', 'slots', 'spans', 'labels'];
const commonTags = ['tags', 'ner_tags', 'labels'];

/** Fields of records, for models that no recipe of ours tells the fields of; numbered tags are the model's labels. */
export function guessFields(record: unknown, tagNames: readonly string[]): RecordFields {
  const has = (field: string) => typeof record === 'object' && record !== null && Object.hasOwn(record, field);
  return {
    textField: 'text',
    entitiesField: commonFields.find(has) ?? 'entities',
    tokensField: 'tokens',
    tagsField: commonTags.find(has) ?? 'tags',
    tagNames: [...tagNames],
    joinTokens: 'auto',
  };
}
