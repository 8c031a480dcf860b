import { ValidationError } from '@zooid/common';
import { validateDto, withOverrides } from '@zooid/spec';
import { type Mode, modes, SentenceBoundaryOptions } from './options.js';

/** The app's section of `config.json`. */
export interface SentenceConfig {
  readonly options: SentenceBoundaryOptions;
  /** What the model was trained for, by its heads; the first is the default of requests. */
  readonly modes: readonly Mode[];
  /** Marks in the order of the head's classes, of which the first is none. */
  readonly marks: readonly string[];
  /** Probability from which a boundary, or a mark, is set; chosen on the validation split. */
  readonly thresholds: Readonly<Record<Mode, number>>;
  /** Weights of the classes in the losses; absent: all alike. */
  readonly classWeights?: Readonly<Partial<Record<Mode, readonly number[]>>>;
}

export const sectionName = 'sentence-boundary';

/** What holds until thresholds were chosen. */
export const evenThresholds: SentenceConfig['thresholds'] = { cut: 0.5, punct: 0.5 };

/** Reads the section back. @throws ValidationError when the folder was not made by this app. */
export function sentenceConfigOf(config: Readonly<Record<string, unknown>>): SentenceConfig {
  const section = config[sectionName] as Partial<SentenceConfig> | undefined;
  const isWhole =
    typeof section === 'object' &&
    section !== null &&
    Array.isArray(section.modes) &&
    section.modes.length > 0 &&
    section.modes.every((mode) => modes.includes(mode)) &&
    Array.isArray(section.marks) &&
    modes.every((mode) => isProbability(section.thresholds?.[mode]));
  if (isWhole) return { ...(section as SentenceConfig), options: parseOptions(section.options ?? {}) };
  const message = "is missing or incomplete; this folder was not trained by the app 'sentence-boundary'";
  throw new ValidationError('config.json', [{ path: `/${sectionName}`, message }]);
}

const isProbability = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;

const parsed = new WeakMap<object, SentenceBoundaryOptions>();

/**
 * Validates a recipe's `options`; the same object is validated once, however often it is asked about.
 *
 * @throws ValidationError naming unknown keys and their nearest valid one, and marks that fold into none of the model's.
 */
export function parseOptions(options: object): SentenceBoundaryOptions {
  let result = parsed.get(options);
  if (result === undefined) {
    const subject = 'options of app sentence-boundary';
    result = validateDto(SentenceBoundaryOptions, options, subject);
    const { marks } = result;
    const lost = Object.entries(result.fold).filter(([, to]) => to !== '' && !marks.includes(to));
    if (lost.length > 0) {
      throw new ValidationError(
        subject,
        lost.map(([from, to]) => ({
          path: `/fold/${from}`,
          message: `is ${to}, which is not in marks (${marks.join(' ')})`,
        })),
      );
    }
    parsed.set(options, result);
  }
  return result;
}

/** `options` with those of `overrides` instead, also inside sections. */
export const mergeOptions = (
  options: SentenceBoundaryOptions,
  overrides: Readonly<Record<string, unknown>>,
): SentenceBoundaryOptions => parseOptions(withOverrides(options, overrides, ['fold']));

/** The class of a mark of the data: 0 for none. */
export function classOfMark(
  mark: string | undefined,
  { marks, fold }: Pick<SentenceBoundaryOptions, 'marks' | 'fold'>,
): number {
  if (mark === undefined) return 0;
  return 1 + marks.indexOf(marks.includes(mark) ? mark : (fold[mark] ?? ''));
}
