import { unitsOf } from '@zooid/tokenizers';
import type { SegmentationExample } from '../example.js';
import type { SegmentationOptions } from '../options.js';
import { mergeOptions } from '../segmentation-config.js';
import { readFastModel } from './fast-config.js';
import { FastVocabulary } from './fast-vocabulary.js';
import { PreparedFast } from './prepared-fast.js';

/** Learns the vocabulary of a fast network. */
export function prepareFast(
  examples: readonly SegmentationExample[],
  options: SegmentationOptions,
  granularities: readonly string[],
): PreparedFast {
  const vocabulary = FastVocabulary.count(
    examples.map(({ text }) => unitsOf(text)),
    options.fast,
  );
  return new PreparedFast({ options, granularities, vocabulary });
}

/** Opens a trained one. @throws ValidationError when the folder does not hold one. */
export async function restoreFast(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
): Promise<PreparedFast> {
  const model = await readFastModel(folder, config);
  return new PreparedFast({ ...model, options: mergeOptions(model.options, overrides) });
}
