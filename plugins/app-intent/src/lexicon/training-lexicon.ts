import { ValidationError } from '@zooid/common';
import type { PrepareContext } from '@zooid/trainer';
import type { IntentExample } from '../example.js';
import type { IntentOptions } from '../options.js';
import { buildLexicon } from './build-lexicon.js';
import { readCommonWords } from './common-words.js';
import type { LexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';
import { readLexiconFile } from './lexicon-files.js';
import { normalizeSurface } from './normalize.js';

/** Source name of entries that come from the training split. */
export const TRAINING_SOURCE = 'training';

/** What a recipe's training run matches against. */
export interface TrainingLexicon {
  readonly lexicon: Lexicon;
  /**
   * Whether an entry is known from this one training text only. At test time a value known from training comes from
   * another text, so training must not see these.
   */
  isSole(entry: number, text: string): boolean;
}

/**
 * The lexicon a recipe asks for: values of the training split and outside lists, never of the splits it is judged on.
 *
 * @throws ValidationError when a list is not a resource of the recipe, or a line of it cannot be used.
 */
export async function trainingLexicon(
  examples: readonly IntentExample[],
  options: IntentOptions,
  context: Pick<PrepareContext, 'resources' | 'random'>,
): Promise<TrainingLexicon> {
  if (options.fusion.mode === 'none') return { lexicon: Lexicon.build([]), isSole: () => false };
  const { fromTraining, resources, categories, commonWords, whitelist, minLength, minPrecision, shuffleTypes } =
    options.lexicon;
  const fileOf = (name: string, option: string): string => {
    const file = context.resources[name];
    if (file !== undefined) return file;
    const message = `names '${name}', which data.resources of the recipe does not define`;
    throw new ValidationError('options of app intent', [{ path: `/lexicon/${option}`, message }]);
  };
  const entries: LexiconEntry[] = fromTraining ? [...trainingValues(examples)] : [];
  for (const name of resources) {
    for (const entry of await readLexiconFile(fileOf(name, 'resources'), name)) {
      const type = categories === undefined ? entry.type : categories[entry.type];
      if (type !== undefined) entries.push({ ...entry, type });
    }
  }
  const filtered = buildLexicon(entries, {
    minLength,
    whitelist: new Set(whitelist?.map(normalizeSurface)),
    ...(commonWords === undefined ? {} : { commonWords: await readCommonWords(fileOf(commonWords, 'commonWords')) }),
  });
  const built = withPrecision(filtered, examples, minPrecision);
  const lexicon = Lexicon.build(shuffleTypes ? withShuffledTypes(built, context.random) : built);
  return { lexicon, isSole: soleSources(built, examples) };
}

function* trainingValues(examples: readonly IntentExample[]): Generator<LexiconEntry> {
  for (const { slots } of examples) {
    for (const { value, type } of slots) yield { surface: value, type, popularity: 1, source: TRAINING_SOURCE };
  }
}

/** Drops entries from training whose surface mostly stands for something else in the training texts. */
function withPrecision(
  entries: readonly LexiconEntry[],
  examples: readonly IntentExample[],
  minPrecision: number,
): readonly LexiconEntry[] {
  if (minPrecision === 0) return entries;
  const lexicon = Lexicon.build(entries);
  const occurrences = new Int32Array(entries.length);
  for (const { text } of examples) for (const { entry } of lexicon.match(text)) occurrences[entry]!++;
  // Popularity of an entry from training is the number of times it is annotated.
  return entries.filter(
    ({ source, popularity }, i) => source !== TRAINING_SOURCE || popularity >= minPrecision * occurrences[i]!,
  );
}

/** Control: every entry keeps its surface and gets the type of another. */
function withShuffledTypes(entries: readonly LexiconEntry[], random: PrepareContext['random']): LexiconEntry[] {
  const types = entries.map(({ type }) => type);
  random.fork('shuffled-types').shuffle(types);
  return entries.map((entry, i) => ({ ...entry, type: types[i]! }));
}

/** @param entries of the lexicon, in its order, with the types they were read with. */
function soleSources(entries: readonly LexiconEntry[], examples: readonly IntentExample[]): TrainingLexicon['isSole'] {
  const textsOf = new Map<string, Set<string>>();
  for (const { text, slots } of examples) {
    for (const { value, type } of slots) {
      const key = keyOf(value, type);
      textsOf.set(key, (textsOf.get(key) ?? new Set()).add(text));
    }
  }
  const soleText = entries.map(({ surface, type, source }) => {
    const texts = source === TRAINING_SOURCE ? textsOf.get(keyOf(surface, type)) : undefined;
    return texts?.size === 1 ? [...texts][0] : undefined;
  });
  return (entry, text) => soleText[entry] === text;
}

const keyOf = (surface: string, type: string): string => `${normalizeSurface(surface)}\u0000${type}`;
