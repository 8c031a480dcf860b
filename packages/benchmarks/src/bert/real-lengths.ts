import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonLines } from '@zooid/data';
import { parseVocabText, tokenizerFromVocab } from '@zooid/tokenizers';
import { findDataFolder } from '../data-folder.js';

/** A training split whose lengths are used. */
export interface RealData {
  readonly name: 'cais' | 'fewclue-tnews';
  readonly file: string;
  /**
   * Texts of n tokens at index n, `[CLS]` and `[SEP]` included, as counted from the file with the vocabulary of
   * bert-base-chinese: what the benchmark uses where the file is missing.
   */
  readonly counts: readonly number[];
  /** Different tokens in them, counted in the same way. */
  readonly distinctTokens: number;
}

export const realData: readonly RealData[] = [
  {
    name: 'cais',
    file: 'train.jsonl.gz',
    counts: [
      0, 0, 0, 5, 114, 274, 649, 828, 1133, 1273, 1094, 883, 607, 434, 269, 184, 96, 65, 32, 31, 10, 2, 5, 2, 2, 0, 0,
      1, 1, 1,
    ],
    distinctTokens: 2229,
  },
  {
    name: 'fewclue-tnews',
    file: 'train_all.jsonl',
    counts: [
      0, 0, 0, 0, 0, 0, 1, 7, 4, 7, 11, 22, 21, 35, 39, 41, 48, 36, 47, 49, 52, 60, 47, 70, 60, 70, 45, 49, 61, 51, 49,
      72, 85, 13, 10, 4, 3, 5, 3, 0, 2, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1,
    ],
    distinctTokens: 2504,
  },
];

const vocabulary = 'bert-base-chinese.vocab.txt';

/** What is used of the texts. */
export interface TextStatistics {
  /** Tokens of every text. */
  readonly lengths: readonly number[];
  /** Different tokens in all of them. */
  readonly distinctTokens: number;
  readonly source: string;
}

/** From the data itself where it is on this machine. */
export async function realLengths(data: RealData): Promise<TextStatistics> {
  const read = await readTexts(data);
  if (read !== undefined) return { ...read, source: data.file };
  const lengths = data.counts.flatMap((count, length) => Array<number>(count).fill(length));
  return { lengths, distinctTokens: data.distinctTokens, source: 'recorded counts' };
}

async function readTexts({ name, file }: RealData): Promise<Omit<TextStatistics, 'source'> | undefined> {
  const [folder, tokenizers] = [findDataFolder(name), findDataFolder('tokenizers')];
  if (folder === undefined || tokenizers === undefined) return undefined;
  const tokenizer = tokenizerFromVocab(parseVocabText(await readFile(join(tokenizers, vocabulary), 'utf8')));
  const lengths: number[] = [];
  const distinct = new Set<number>();
  for await (const line of readJsonLines(join(folder, file))) {
    if (!('record' in line)) continue;
    const { ids } = tokenizer.encode((line.record as { readonly text: string }).text);
    lengths.push(ids.length);
    for (const id of ids) distinct.add(id);
  }
  return { lengths, distinctTokens: distinct.size };
}
