import { ValidationError } from '@zooid/common';
import { validateDto, withOverrides } from '@zooid/spec';
import { BOTH, SegmentationOptions } from './options.js';

/** The app's section of `config.json`, under the key `segmentation`. */
export interface SegmentationConfig {
  readonly options: SegmentationOptions;
  /** In the order of the granularity head. */
  readonly granularities: readonly string[];
  /** Names of corpora that have a tag; empty where there is no second tag. */
  readonly corpora: readonly string[];
  /** Vocabulary rows of the granularities' tags, and of `unc`. */
  readonly granularityRows: Readonly<Record<string, number>>;
  /** Those of the corpora's tags, and of `unc`. */
  readonly corpusRows: Readonly<Record<string, number>>;
}

export const sectionName = 'segmentation';

/** Reads the section back. @throws ValidationError when the folder was not made by this app. */
export function segmentationConfigOf(config: Readonly<Record<string, unknown>>): SegmentationConfig {
  const section = config[sectionName] as Partial<SegmentationConfig> | undefined;
  const isWhole =
    typeof section === 'object' &&
    section !== null &&
    Array.isArray(section.granularities) &&
    section.granularities.length > 0 &&
    section.granularities.every((name) => Number.isInteger(section.granularityRows?.[name]));
  if (!isWhole) {
    throw new ValidationError('config.json', [
      {
        path: `/${sectionName}`,
        message: "is missing or incomplete; this folder was not trained by the app 'segmentation'",
      },
    ]);
  }
  return {
    options: parseOptions(section.options ?? {}),
    granularities: section.granularities!,
    corpora: section.corpora ?? [],
    granularityRows: section.granularityRows!,
    corpusRows: section.corpusRows ?? {},
  };
}

/** What requests may ask for: each granularity, and both where the model knows fine and coarse. */
export function requestable({ granularities }: Pick<SegmentationConfig, 'granularities'>): readonly string[] {
  return granularities.includes('fine') && granularities.includes('coarse') ? [...granularities, BOTH] : granularities;
}

const parsed = new WeakMap<object, SegmentationOptions>();

/**
 * Validates a recipe's `options`; the same object is validated once, however often it is asked about.
 *
 * @throws ValidationError naming unknown keys and their nearest valid one.
 */
export function parseOptions(options: object): SegmentationOptions {
  let result = parsed.get(options);
  if (result === undefined) {
    result = validateDto(SegmentationOptions, options, 'options of app segmentation');
    parsed.set(options, result);
  }
  return result;
}

/** `options` with those of `overrides` instead, also inside sections. */
export const mergeOptions = (
  options: SegmentationOptions,
  overrides: Readonly<Record<string, unknown>>,
): SegmentationOptions => parseOptions(withOverrides(options, overrides, ['granularities']));
