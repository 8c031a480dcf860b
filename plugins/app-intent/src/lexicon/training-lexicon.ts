import { ValidationError } from '@zooid/common';
import type { PrepareContext } from '@zooid/trainer';
import type { IntentExample } from '../example.js';
import type { IntentOptions } from '../options.js';
import { buildLexicon } from './build-lexicon.js';
import type { LexiconEntry } from './entry.js';
import { Lexicon, type LexiconMatch } from './lexicon.js';
import { readLexiconFile } from './lexicon-files.js';
import { normalizeSurface } from './normalize.js';

/**
 * The lexicon a recipe asks for: values of the training split and outside lists, never of the splits it is judged on.
 */
export async function trainingLexicon(
  examples: readonly IntentExample[],
  options: IntentOptions,
  context: Pick<PrepareContext, 'resources' | 'random'>,
): Promise<Lexicon> {
  if (options.fusion.mode === 'none') return Lexicon.build([]);
  const entries: LexiconEntry[] = options.lexicon.fromTraining ? [...trainingValues(examples)] : [];
  for (const name of options.lexicon.resources) {
    const file = context.resources[name];
    if (file === undefined) {
      throw new ValidationError('options of app intent', [
        { path: '/lexicon/resources', message: `names '${name}', which data.resources of the recipe does not define` },
      ]);
    }
    entries.push(...(await readWordList(file, name, options.lexicon.categories)));
  }
  const filtered = buildLexicon(entries, { minLength: options.lexicon.minLength });
  const built = withPrecision(filtered, examples, options.lexicon.minPrecision);
  return Lexicon.build(options.lexicon.shuffleTypes ? withShuffledTypes(built, context.random) : built);
}

function* trainingValues(examples: readonly IntentExample[]): Generator<LexiconEntry> {
  for (const { slots } of examples) {
    for (const { value, type } of slots) yield { surface: value, type, popularity: 1, source: 'training' };
  }
}

async function readWordList(file: string, source: string, categories: Record<string, string> | undefined): Promise<LexiconEntry[]> {
  const entries = await readLexiconFile(file, source);
  if (categories === undefined) return entries;
  return entries.flatMap((entry) => {
    const type = categories[entry.type];
    return type === undefined ? [] : [{ ...entry, type }];
  });
}

/** Drops entries from training whose surface mostly stands for something else in the training texts. */
function withPrecision(entries: readonly LexiconEntry[], examples: readonly IntentExample[], minPrecision: number): LexiconEntry[] {
  if (minPrecision === 0) return [...entries];
  const occurrences = new Map<string, number>();
  const lexicon = Lexicon.build(entries);
  for (const { text } of examples) {
    for (const match of lexicon.match(text)) occurrences.set(keyOf(match), (occurrences.get(keyOf(match)) ?? 0) + 1);
  }
  // Popularity of an entry from training is the number of times it is annotated.
  return entries.filter(
    (entry) => entry.source !== 'training' || entry.popularity >= minPrecision * (occurrences.get(keyOf(entry)) ?? 0),
  );
}

/** Control: every entry keeps its surface and gets the type of another. */
function withShuffledTypes(entries: readonly LexiconEntry[], random: PrepareContext['random']): LexiconEntry[] {
  const types = entries.map(({ type }) => type);
  random.fork('shuffled-types').shuffle(types);
  return entries.map((entry, i) => ({ ...entry, type: types[i]! }));
}

/**
 * Tells whether a match is known from one training text only, which is then the given text. At test time a value
 * known from training comes from another text, so training must not see these.
 */
export function soleSources(examples: readonly IntentExample[], lexicon: Lexicon): (match: LexiconMatch, text: string) => boolean {
  const outside = new Set(lexicon.entries.flatMap((entry) => (entry.source === 'training' ? [] : [keyOf(entry)])));
  const sources = new Map<string, Set<string>>();
  for (const { text, slots } of examples) {
    for (const slot of slots) {
      const key = keyOf({ surface: slot.value, type: slot.type });
      sources.set(key, (sources.get(key) ?? new Set()).add(text));
    }
  }
  return (match, text) => {
    const key = keyOf(match);
    const known = sources.get(key);
    return known !== undefined && known.size === 1 && known.has(text) && !outside.has(key);
  };
}

const keyOf = ({ surface, type }: { surface: string; type: string }): string => `${normalizeSurface(surface)}\u0000${type}`;
