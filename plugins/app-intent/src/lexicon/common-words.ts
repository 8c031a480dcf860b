import { type Issue, ValidationError } from '@zooid/common';
import { readRecords } from './lexicon-files.js';
import { normalizeSurface } from './normalize.js';

/** How many of the most frequent words count as everyday words. */
const EVERYDAY = 5000;

/**
 * The 5,000 most frequent words of a list: JSON lines with `word` or `surface`, and `count`, `df` or `popularity`
 * (absent: the file's order is taken as the order of frequency). Normalised as surfaces are.
 *
 * @throws ValidationError naming file, line and field of the first bad one.
 */
export async function readCommonWords(file: string): Promise<Set<string>> {
  const words = await readRecords(file, parseWord);
  const byFrequency = words.toSorted((a, b) => b.frequency - a.frequency);
  return new Set(byFrequency.slice(0, EVERYDAY).map(({ word }) => normalizeSurface(word)));
}

function parseWord(record: unknown): { readonly word: string; readonly frequency: number } {
  const fields = (record ?? {}) as Readonly<Record<string, unknown>>;
  const word = fields.word ?? fields.surface;
  const frequency = fields.count ?? fields.df ?? fields.popularity ?? 0;
  const issues: Issue[] = [];
  if (typeof word !== 'string' || word === '') issues.push({ path: '/word', message: 'must be a non-empty string' });
  if (typeof frequency !== 'number') issues.push({ path: '/count', message: 'must be a number' });
  if (issues.length > 0) throw new ValidationError('common word', issues);
  return { word: word as string, frequency: frequency as number };
}
