import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { toPlain } from '@zooid/spec';
import type { SegmentationOptions } from '../options.js';
import { parseOptions, sectionName } from '../segmentation-config.js';
import { FastVocabulary } from './fast-vocabulary.js';
import { pairConvolution, pairConvolutionConfig, pairConvolutionType } from './pair-convolution.js';

/** Subfolder of a model where its fast student lies. */
export const STUDENT = 'fast';

const files = { characters: 'characters.txt', pairs: 'pairs.tsv' } as const;

/** What a fast network is, and what it knows. */
export interface FastModel {
  readonly options: SegmentationOptions;
  /** In the order of its scores. */
  readonly granularities: readonly string[];
  readonly vocabulary: FastVocabulary;
}

/** Whether a `config.json` is that of a fast network. */
export const isFastConfig = (config: Readonly<Record<string, unknown>>): boolean =>
  config.model_type === pairConvolutionType;

/** Its `config.json`. */
export function fastConfigJson({ options, granularities, vocabulary }: FastModel): Readonly<Record<string, unknown>> {
  const { size, kernels, dropout } = options.fast;
  return {
    ...pairConvolutionConfig({
      characters: vocabulary.characterRows,
      pairs: vocabulary.pairRows,
      size,
      kernels,
      dropout,
    }),
    architectures: ['ZooidForFastSegmentation'],
    id2label: { 0: 'B', 1: 'M', 2: 'E', 3: 'S' },
    label2id: { B: 0, M: 1, E: 2, S: 3 },
    [sectionName]: { options: toPlain(options), granularities },
  };
}

/** Its files beside that. */
export const vocabularyFiles = ({ vocabulary }: FastModel): Map<string, string> =>
  new Map([
    [files.characters, vocabulary.charactersText()],
    [files.pairs, vocabulary.pairsText()],
  ]);

/** Reads a folder back. @throws ValidationError when it was not made by this app, or a file is missing or damaged. */
export async function readFastModel(folder: string, config: Readonly<Record<string, unknown>>): Promise<FastModel> {
  pairConvolution.parse(config);
  const section = config[sectionName] as Partial<FastModel> | undefined;
  const { granularities } = section ?? {};
  if (!Array.isArray(granularities) || granularities.length === 0 || !granularities.every(isName)) {
    const message = "is missing or incomplete; this folder was not trained by the app 'segmentation'";
    throw new ValidationError('config.json', [{ path: `/${sectionName}`, message }]);
  }
  const [characters, pairs] = await Promise.all([read(folder, files.characters), read(folder, files.pairs)]);
  const vocabulary = FastVocabulary.parse({ characters, pairs }, folder);
  const rows = { vocab_size: vocabulary.characterRows, pair_vocab_size: vocabulary.pairRows };
  for (const [key, count] of Object.entries(rows)) {
    if (config[key] === count) continue;
    throw new ValidationError(join(folder, 'config.json'), [
      { path: `/${key}`, message: `is ${String(config[key])}, but the files beside it make ${count} rows` },
    ]);
  }
  return { options: parseOptions(section!.options ?? {}), granularities, vocabulary };
}

const isName = (value: unknown): boolean => typeof value === 'string';

async function read(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new ValidationError(file, [{ path: '', message: 'is missing, but a fast network needs it' }]);
  });
}
