import { AbortError, ValidationError } from '@zooid/common';
import type { DataSplit } from '@zooid/spec';

export interface TextsOptions {
  /** Fields that hold text. */
  readonly fields: readonly string[];
  /** How often texts are given, by a part of their file's path; once where none matches. */
  readonly repeat?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The texts of a split, one per record: the named fields, joined by line breaks.
 * @throws ValidationError naming file and line of a record that has none of the fields, or one that is not text.
 */
export async function* textsOf(split: DataSplit, options: TextsOptions): AsyncGenerator<string> {
  const { fields, repeat = {}, signal } = options;
  const rules = Object.entries(repeat);
  for await (const { record, origin } of split.records(signal)) {
    AbortError.throwIfAborted(signal);
    const text = textOf(record, fields);
    if (typeof text !== 'string') throw new ValidationError(origin, [{ path: text.path, message: text.message }]);
    if (text === '') continue;
    const times = rules.find(([part]) => origin.includes(part))?.[1] ?? 1;
    // Half a surrogate pair in one record is no reason to lose a corpus.
    for (let i = 0; i < times; i++) yield text.replace(/\p{Surrogate}/gu, '\uFFFD');
  }
}

function textOf(record: unknown, fields: readonly string[]): string | { path: string; message: string } {
  if (typeof record === 'string') return record;
  if (typeof record !== 'object' || record === null) return { path: '', message: 'must be an object or a string' };
  const texts: string[] = [];
  let found = false;
  for (const field of fields) {
    const value = (record as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) continue;
    found = true;
    for (const part of Array.isArray(value) ? value : [value]) {
      const text = typeof part === 'object' && part !== null ? (part as { text?: unknown }).text : part;
      if (typeof text !== 'string') {
        return { path: `/${field}`, message: 'must be a string, or a list of strings or of objects with text' };
      }
      texts.push(text);
    }
  }
  if (!found) return { path: '', message: `has none of the text fields ${fields.join(', ')} (train.textFields)` };
  return texts.join('\n');
}

/**
 * About `limit` characters of the texts, spread evenly over all of them: whenever more has been gathered, every other
 * text is let go and from then on only every second, fourth … text is taken.
 */
export async function sampleTexts(texts: AsyncIterable<string>, limit: number): Promise<string[]> {
  let kept: string[] = [];
  let characters = 0;
  let stride = 1;
  let index = 0;
  for await (const text of texts) {
    if (index++ % stride !== 0) continue;
    kept.push(text);
    characters += text.length;
    if (characters <= limit || kept.length < 2) continue;
    kept = kept.filter((_, i) => i % 2 === 0);
    characters = kept.reduce((sum, { length }) => sum + length, 0);
    stride *= 2;
  }
  return kept;
}
