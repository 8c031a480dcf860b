import { segmentationScores } from '@zooid/metrics';
import { rounded } from '../statistics.js';

/** A record of cws-ud-gsd: a text and its words at both granularities. */
interface Gold {
  readonly text: string;
  readonly words: readonly string[];
  readonly coarse: readonly string[];
}

/**
 * What jieba finds, with its own dictionary and its model of unknown words, scored as the app's words are: white space does not
 * count. It has one granularity, so the same words stand against the fine ones and the coarse ones.
 */
export async function jiebaScores(records: readonly unknown[]): Promise<Readonly<Record<string, number>>> {
  const { Jieba } = await import('@node-rs/jieba');
  const { dict } = await import('@node-rs/jieba/dict.js');
  const jieba = Jieba.withDict(dict);
  const gold = records as readonly Gold[];
  const found = gold.map(({ text }) => spaceless(jieba.cut(text, true)));
  const against = (of: 'words' | 'coarse') =>
    segmentationScores(
      gold.map((record) => spaceless(record[of])),
      found,
      new Set(),
    ).f1;
  const [fineF1, coarseF1] = [against('words'), against('coarse')];
  return { f1: rounded((fineF1 + coarseF1) / 2, 6), fineF1, coarseF1 };
}

const spaceless = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/\s+/gu, '')).filter((word) => word !== '');
