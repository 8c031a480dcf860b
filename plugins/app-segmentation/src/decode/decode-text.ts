import type { Slab, Units } from '@zooid/tokenizers';
import { forceMatches, type RuleTarget } from '../lexicon/force.js';
import type { Layer } from '../lexicon/lexicon-set.js';
import { preferMatches } from '../lexicon/prefer.js';
import { decodeBoundaries } from './boundaries.js';
import { applyNesting, applySpaces } from './rules.js';

/** What the model says of a text at one granularity. */
export interface Scored {
  readonly granularity: string;
  /** `count × 4`; dictionaries that are preferred change it. */
  readonly emissions: Float32Array;
}

/**
 * Boundaries of a text's words, a set of flags per granularity: the model's best under what dictionaries force, with what they
 * prefer taken into account.
 *
 * @param scored one granularity, or a coarse and a fine one, which is then nested: every coarse boundary is a fine one
 * @param layers dictionaries by rank; what one forces, those after it cannot undo
 * @param slab memory for the answer, where texts are many and short.
 */
export function* decodeText(
  units: Units,
  scored: readonly Scored[],
  layers: readonly Layer[],
  slab?: Slab,
): Generator<number, Uint8Array[]> {
  const targets = scored.map(({ granularity, emissions }) => ({
    emissions,
    rules: slab?.uint8(units.count + 1) ?? new Uint8Array(units.count + 1),
    applies: (entry: { readonly granularity?: string }) =>
      entry.granularity === undefined || entry.granularity === granularity,
  }));
  for (const { dictionary, mode } of layers) {
    if (mode === 'force') yield* forceMatches(units, dictionary, targets satisfies RuleTarget[]);
  }
  for (const { rules } of targets) applySpaces(units, rules);
  for (const { dictionary, mode } of layers) {
    if (mode === 'prefer') for (const target of targets) yield* preferMatches(units, dictionary, target);
  }
  const found: Uint8Array[] = [];
  for (const { emissions, rules } of targets) {
    const coarse = found.at(-1);
    if (coarse !== undefined) applyNesting(coarse, rules);
    found.push(yield* decodeBoundaries(emissions, rules, slab));
  }
  return found;
}
