import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { readJsonLines } from '@zooid/data';
import { type LexiconEntry, parseLexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';

/** Word lists of a model folder, by name: `lexicons/<name>.jsonl`, compressed or not. */
export async function listLexiconFiles(folder: string): Promise<Map<string, string>> {
  const root = join(folder, 'lexicons');
  if (!existsSync(root)) return new Map();
  const files = (await readdir(root)).filter((file) => /\.jsonl(\.gz)?$/.test(file)).sort();
  return new Map(files.map((file) => [file.replace(/\.jsonl(\.gz)?$/, ''), join(root, file)]));
}

/** Every entry of one word list. @throws ValidationError naming file, line and field of the first bad one. */
export async function readLexiconFile(file: string, source?: string): Promise<LexiconEntry[]> {
  const entries: LexiconEntry[] = [];
  for await (const line of readJsonLines(file)) {
    if ('issue' in line) throw new ValidationError(`${file} line ${line.line}`, [{ path: '', message: line.issue }]);
    try {
      entries.push(parseLexiconEntry(line.record, source));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      throw new ValidationError(`${file} line ${line.line}`, error.issues);
    }
  }
  return entries;
}

/** All word lists of a model folder as one lexicon; empty when it has none. */
export async function readLexicons(folder: string): Promise<Lexicon> {
  const files = await listLexiconFiles(folder);
  const lists = await Promise.all([...files.values()].map((file) => readLexiconFile(file)));
  return Lexicon.build(lists.flat());
}

/** JSON lines, one entry each. */
export function writeLexicon(lexicon: Lexicon): string {
  return lexicon.entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
