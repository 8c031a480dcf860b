import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';
import { granularityName, isGranularityName, type SegmentationOptions } from './options.js';

/** A text and its words at one or more granularities. White space between words is in the text alone. */
export interface SegmentationExample {
  readonly text: string;
  /** By granularity. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  readonly corpus?: string;
}

type RecordFields = Pick<SegmentationOptions, 'textField' | 'granularities' | 'criterionField' | 'corpusField'>;

/** Reads one record. @throws ValidationError with a pointer per wrong field. */
export function parseExample(record: unknown, options: RecordFields): SegmentationExample {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('record', [{ path: '', message: 'must be a JSON object' }]);
  }
  const issues: Issue[] = [];
  const fields = withPrediction(record as Record<string, unknown>, options);
  const { textField, corpusField } = options;
  const text = fields[textField];
  if (typeof text !== 'string' || text.trim() === '') {
    issues.push({ path: `/${textField}`, message: 'must be a non-empty string' });
  } else if (loneSurrogateIndex(text) >= 0) {
    issues.push({ path: `/${textField}`, message: 'holds half of a surrogate pair; save the file as UTF-8' });
  }
  const words = new Map<string, readonly string[]>();
  for (const [granularity, field] of wordFields(fields, options, issues)) {
    const value = fields[field];
    if (value === undefined) continue;
    if (!Array.isArray(value) || value.some((word) => typeof word !== 'string' || word === '')) {
      issues.push({ path: `/${field}`, message: 'must be a list of non-empty strings' });
      continue;
    }
    const problem = typeof text === 'string' ? misspelling(text, value) : undefined;
    if (problem === undefined) words.set(granularity, value);
    else issues.push({ path: `/${field}`, message: problem });
  }
  if (words.size === 0 && issues.length === 0) {
    const wanted = Object.values(options.granularities);
    issues.push({ path: `/${wanted[0]}`, message: `is missing; a record needs one of: ${wanted.join(', ')}` });
  }
  const corpus = corpusField === undefined ? undefined : fields[corpusField];
  if (corpus !== undefined && (typeof corpus !== 'string' || !granularityName.test(corpus))) {
    issues.push({ path: `/${corpusField}`, message: `must be a name that matches ${granularityName.source}` });
  }
  if (issues.length > 0) throw new ValidationError('record', issues);
  return { text: text as string, words, ...(corpus === undefined ? {} : { corpus: corpus as string }) };
}

/**
 * A record without words may have those that another model found, as `zooid predict` writes them: then they are its words,
 * for a student to learn.
 */
function withPrediction(record: Record<string, unknown>, { granularities }: RecordFields): Record<string, unknown> {
  const { prediction } = record;
  const hasWords = Object.values(granularities).some((field) => record[field] !== undefined);
  if (hasWords || typeof prediction !== 'object' || prediction === null) return record;
  const answers = prediction as Readonly<Record<string, unknown>>;
  const found: Record<string, unknown> = { ...record };
  for (const [name, field] of Object.entries(granularities)) {
    const answer = answers.granularity === name ? answers : (answers[name] as typeof answers | undefined);
    if (Array.isArray(answer?.words)) found[field] = answer.words.map((word) => word?.text);
  }
  return found;
}

/** Which granularities a record may have, and in which fields. */
function wordFields(
  fields: Readonly<Record<string, unknown>>,
  { granularities, criterionField }: RecordFields,
  issues: Issue[],
): (readonly [string, string])[] {
  if (criterionField === undefined) return Object.entries(granularities);
  const criterion = fields[criterionField];
  const [field] = Object.values(granularities);
  if (typeof criterion === 'string' && isGranularityName(criterion)) return [[criterion, field!]];
  issues.push({ path: `/${criterionField}`, message: `must be a name that matches ${granularityName.source}` });
  return [];
}

/** Where the words stop to spell the text, apart from white space that they leave out. */
function misspelling(text: string, words: readonly string[]): string | undefined {
  let at = 0;
  for (const word of words) {
    at = wordStart(text, word, at);
    if (!text.startsWith(word, at)) {
      const found = JSON.stringify(text.slice(at, at + 10));
      return `must spell the text, but ${JSON.stringify(word.slice(0, 20))} is not what stands at UTF-16 index ${at}: ${found}`;
    }
    at += word.length;
  }
  return text.slice(at).trim() === ''
    ? undefined
    : `must spell the text, but end at UTF-16 index ${at} of ${text.length}`;
}

function wordStart(text: string, word: string, from: number): number {
  let at = from;
  while (at < text.length && !text.startsWith(word, at) && /\s/.test(text[at]!)) at++;
  return at;
}

/** Where each word stands, `[start, end)` in UTF-16 units. @param words that spell the text. */
export function* placesOf(text: string, words: readonly string[]): Generator<readonly [number, number]> {
  let at = 0;
  for (const word of words) {
    const start = wordStart(text, word, at);
    at = start + word.length;
    yield [start, at];
  }
}

/** UTF-16 indices where words start or end. @param words that spell the text. */
export function boundariesOf(text: string, words: readonly string[]): Set<number> {
  const boundaries = new Set<number>();
  for (const [start, end] of placesOf(text, words)) boundaries.add(start).add(end);
  return boundaries;
}
