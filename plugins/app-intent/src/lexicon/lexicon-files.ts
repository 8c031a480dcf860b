import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { readJsonLines } from '@zooid/data';
import { type LexiconEntry, parseLexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';
import { normalizeSurface } from './normalize.js';

/** Where a model folder keeps its word lists. */
export const LEXICON_FOLDER = 'lexicons';

const fileName = /^(?<list>[^.].*)\.jsonl(\.gz)?$/;

/** Word lists of a model folder, by name: `lexicons/<name>.jsonl`, compressed or not. */
export async function listLexiconFiles(folder: string): Promise<Map<string, string>> {
  const root = join(folder, LEXICON_FOLDER);
  if (!existsSync(root)) return new Map();
  const files = (await readdir(root)).sort();
  return new Map(
    files.flatMap((file) => {
      const list = fileName.exec(file)?.groups?.list;
      return list === undefined ? [] : [[list, join(root, file)] as const];
    }),
  );
}

/**
 * Records of one word list, as `read` makes them.
 *
 * @throws ValidationError naming file, line and field of the first bad one.
 */
export async function readRecords<T>(file: string, read: (record: unknown) => T): Promise<T[]> {
  const records: T[] = [];
  for await (const line of readJsonLines(file)) {
    if ('issue' in line) throw new ValidationError(`${file} line ${line.line}`, [{ path: '', message: line.issue }]);
    try {
      records.push(read(line.record));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      throw new ValidationError(`${file} line ${line.line}`, error.issues);
    }
  }
  return records;
}

/** Every entry of an outside word list. @throws ValidationError naming file, line and field of the first bad one. */
export async function readLexiconFile(file: string, source: string): Promise<LexiconEntry[]> {
  return readRecords(file, (record) => parseLexiconEntry(record, source));
}

/** An entry that must be found again in a text. @throws ValidationError with a pointer per wrong field. */
export function parseServedEntry(record: unknown): LexiconEntry {
  const entry = parseLexiconEntry(record);
  if (normalizeSurface(entry.surface) !== '') return entry;
  throw new ValidationError('lexicon entry', [{ path: '/surface', message: UNMATCHABLE }]);
}

export const UNMATCHABLE = 'has nothing to match by: spaces and punctuation do not count';

/** All word lists of a model folder as one lexicon; empty when it has none. */
export async function readLexicons(folder: string): Promise<Lexicon> {
  const files = await listLexiconFiles(folder);
  const lists = await Promise.all(Array.from(files.values(), (file) => readRecords(file, parseServedEntry)));
  return Lexicon.build(lists.flat());
}

/** JSON lines, one entry each. */
export function writeLexicon(entries: Iterable<LexiconEntry>): string {
  return Array.from(entries, (entry) => `${JSON.stringify(entry)}\n`).join('');
}
