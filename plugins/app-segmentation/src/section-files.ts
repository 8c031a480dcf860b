import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { BigramVocabulary } from './features/bigrams.js';
import { Dictionary } from './lexicon/dictionary.js';
import { checkSurface } from './lexicon/entry.js';
import type { TrainingWords } from './metrics.js';
import type { SegmentationOptions } from './options.js';

const bigramFile = 'bigrams.tsv';
const wordFile = 'training-words.json';
const lexiconFile = 'lexicon.txt';

/** What a model knows of units beside its vocabulary. */
export interface SideKnowledge {
  /** Absent: the model has neither pairs nor a lexicon. */
  readonly bigrams: BigramVocabulary | undefined;
  /** Absent: the model has no lexicon. */
  readonly lexicon: Dictionary | undefined;
}

/** What a model folder holds besides config and tokenizer: pairs, lexicon, and the words that training saw, for OOV scores. */
export function sectionFiles({ bigrams, lexicon }: SideKnowledge, words: TrainingWords): Map<string, string> {
  const lists = Object.fromEntries(Array.from(words, ([name, known]) => [name, [...known].sort()]));
  return new Map([
    ...(bigrams === undefined ? [] : [[bigramFile, bigrams.toText()] as const]),
    ...(lexicon === undefined
      ? []
      : [[lexiconFile, lexicon.entries.map(({ surface }) => `${surface}\n`).join('')] as const]),
    [wordFile, `${JSON.stringify(lists)}\n`],
  ]);
}

/** @throws ValidationError when a file is missing that the options ask for, or damaged. */
export async function readSides(folder: string, { fusion, lexicon }: SegmentationOptions): Promise<SideKnowledge> {
  if (fusion === 'none') return { bigrams: undefined, lexicon: undefined };
  return {
    bigrams: BigramVocabulary.parse(await readNeeded(folder, bigramFile), join(folder, bigramFile)),
    lexicon: lexicon.resources.length === 0 ? undefined : await readLexicon(folder),
  };
}

async function readLexicon(folder: string): Promise<Dictionary> {
  const words = (await readNeeded(folder, lexiconFile)).split('\n').filter((word) => word !== '');
  const problem = words.map((word) => [word, checkSurface(word)] as const).find(([, found]) => found !== undefined);
  if (problem === undefined) return new Dictionary(words.map((surface) => ({ surface })));
  throw new ValidationError(join(folder, lexiconFile), [
    { path: '', message: `${JSON.stringify(problem[0])} ${problem[1]}` },
  ]);
}

async function readNeeded(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new ValidationError(file, [
      { path: '', message: 'is missing, but config.json says that the model needs it' },
    ]);
  });
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
