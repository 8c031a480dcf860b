import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { BigramVocabulary } from './features/bigrams.js';
import type { TrainingWords } from './metrics.js';

const bigramFile = 'bigrams.tsv';
const wordFile = 'training-words.json';

/** What a model folder holds besides config and tokenizer: the pairs, and the words that training saw, for OOV scores. */
export function sectionFiles(bigrams: BigramVocabulary | undefined, words: TrainingWords): Map<string, string> {
  const lists = Object.fromEntries(Array.from(words, ([name, known]) => [name, [...known].sort()]));
  return new Map([
    ...(bigrams === undefined ? [] : [[bigramFile, bigrams.toText()] as const]),
    [wordFile, `${JSON.stringify(lists)}\n`],
  ]);
}

/** @throws ValidationError when there is none, or it is damaged. */
export async function readBigrams(folder: string): Promise<BigramVocabulary> {
  const file = join(folder, bigramFile);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new ValidationError(file, [
      { path: '', message: 'is missing, but config.json says that the model needs it' },
    ]);
  });
  return BigramVocabulary.parse(text, file);
}

/** Nothing where the file is missing: only scores of unknown words need it. @throws ValidationError when it is damaged. */
export async function readTrainingWords(folder: string): Promise<TrainingWords> {
  const file = join(folder, wordFile);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    const lists = JSON.parse(text) as Readonly<Record<string, readonly string[]>>;
    return new Map(Object.entries(lists).map(([name, words]) => [name, new Set(words)]));
  } catch (cause) {
    throw new ValidationError(file, [{ path: '', message: `is no object of word lists: ${(cause as Error).message}` }]);
  }
}
