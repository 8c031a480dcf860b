import { boundaryRule, tags } from '../decode/boundaries.js';
import type { Units } from '../text/units.js';
import type { Dictionary } from './dictionary.js';
import { DEFAULT_WEIGHT, type LexiconEntry } from './entry.js';

/**
 * Speaks for a dictionary's matches: each adds its weight to the emissions of the tags that would make it a word. So it wins
 * where the model is in doubt, and yields where the model is certain. White space inside a match no longer ends words there.
 *
 * @param emissions `count × 4`, changed
 * @param rules `count + 1`, changed
 */
export function* preferMatches(
  units: Units,
  dictionary: Dictionary,
  { emissions, rules, applies }: PreferenceTarget,
): Generator<number, void> {
  yield* dictionary.matches(units, (entry, first, end) => {
    if (!applies(entry)) return;
    const weight = entry.weight ?? DEFAULT_WEIGHT;
    if (end - first === 1) {
      emissions[4 * first + tags.single]! += weight;
      return;
    }
    emissions[4 * first + tags.begin]! += weight;
    for (let unit = first + 1; unit < end - 1; unit++) emissions[4 * unit + tags.middle]! += weight;
    emissions[4 * (end - 1) + tags.end]! += weight;
    for (let place = first + 1; place < end; place++) {
      if (rules[place] === boundaryRule.spaced) rules[place] = boundaryRule.free;
    }
  });
}

export interface PreferenceTarget {
  readonly emissions: Float32Array;
  readonly rules: Uint8Array;
  readonly applies: (entry: LexiconEntry) => boolean;
}
