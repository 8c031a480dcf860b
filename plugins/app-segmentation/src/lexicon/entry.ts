import { type Issue, ValidationError } from '@zooid/common';
import { didYouMean, loneSurrogateIndex } from '@zooid/spec';

/** Characters of the longest entry. */
export const MAX_SURFACE = 100;
/** Logits that a preferred entry adds for each of its units when it says nothing else. */
export const DEFAULT_WEIGHT = 5;
export const MAX_WEIGHT = 100;

/** How a dictionary's entries act: as a hint to the decoder, or as words whatever the model thinks. */
export const lexiconModes = ['prefer', 'force'] as const;
export type LexiconMode = (typeof lexiconModes)[number];

/** A word that somebody knows. */
export interface LexiconEntry {
  readonly surface: string;
  /** The granularity it is a word of; absent: of every one. */
  readonly granularity?: string;
  /** How much it is preferred, in logits per unit; forced entries have no use for it. */
  readonly weight?: number;
}

/** In logits per unit. */
export const weightOf = ({ weight = DEFAULT_WEIGHT }: LexiconEntry): number => weight;

const known = ['surface', 'granularity', 'weight'];

/**
 * An entry of a stored dictionary, from outside.
 *
 * @param granularities that the model knows
 * @throws ValidationError with a pointer per wrong field.
 */
export function parseEntry(record: unknown, granularities: readonly string[]): LexiconEntry {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('lexicon entry', [{ path: '', message: 'must be an object with a surface' }]);
  }
  const { surface, granularity, weight } = record as Record<string, unknown>;
  const issues: Issue[] = Object.keys(record)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: `/${key}`, message: `is an unknown key${didYouMean(key, known)}` }));
  const surfaceProblem = checkSurface(surface);
  if (surfaceProblem !== undefined) issues.push({ path: '/surface', message: surfaceProblem });
  if (granularity !== undefined && !granularities.includes(granularity as string)) {
    issues.push({ path: '/granularity', message: unknownGranularity(granularity, granularities) });
  }
  if (weight !== undefined && !(typeof weight === 'number' && weight > 0 && weight <= MAX_WEIGHT)) {
    issues.push({ path: '/weight', message: `must be a number above 0 and at most ${MAX_WEIGHT}` });
  }
  if (issues.length > 0) throw new ValidationError('lexicon entry', issues);
  return record as LexiconEntry;
}

/** What is wrong with a surface, if anything. */
export function checkSurface(surface: unknown): string | undefined {
  if (typeof surface !== 'string' || surface.trim() === '') return 'must be a string with at least one character';
  if (loneSurrogateIndex(surface) >= 0) return 'holds half of a surrogate pair; it must be well-formed Unicode';
  if (surface.length > MAX_SURFACE && [...surface].length > MAX_SURFACE) {
    return `must have at most ${MAX_SURFACE} characters`;
  }
  return undefined;
}

export function unknownGranularity(requested: unknown, granularities: readonly string[]): string {
  const near = typeof requested === 'string' ? didYouMean(requested, granularities) : '';
  return `is ${JSON.stringify(requested)}, which this model was not trained for${near}; known: ${granularities.join(', ')}`;
}
