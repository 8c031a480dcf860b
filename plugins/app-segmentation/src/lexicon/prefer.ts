import type { Units } from '@zooid/tokenizers';
import { boundaryRule, tags } from '../decode/boundaries.js';
import type { Dictionary } from './dictionary.js';
import { type LexiconEntry, weightOf } from './entry.js';

const UNITS_PER_STEP = 16_384;

export interface PreferenceTarget {
  readonly emissions: Float32Array;
  readonly rules: Uint8Array;
  readonly applies: (entry: LexiconEntry) => boolean;
}

/**
 * Speaks for a dictionary's matches: each adds its weight to the emissions of the tags that would make it a word. So it wins
 * where the model is in doubt, and yields where the model is certain. White space inside a match no longer ends words there.
 *
 * @param target its emissions `count × 4` and rules `count + 1` are changed
 */
export function* preferMatches(
  units: Units,
  dictionary: Dictionary,
  { emissions, rules, applies }: PreferenceTarget,
): Generator<number, void> {
  // What matches add to the units inside them, as differences from unit to unit: long matches then cost no more than short ones.
  const inside = new Float64Array(units.count + 1);
  const covered = new Int32Array(units.count + 1);
  yield* dictionary.matches(units, (entry, first, end) => {
    if (!applies(entry)) return;
    const weight = weightOf(entry);
    const last = end - 1;
    if (first === last) {
      emissions[4 * first + tags.single]! += weight;
      return;
    }
    emissions[4 * first + tags.begin]! += weight;
    emissions[4 * last + tags.end]! += weight;
    inside[first + 1]! += weight;
    inside[last]! -= weight;
    covered[first + 1]!++;
    covered[end]!--;
  });
  let sum = 0;
  let matches = 0;
  for (let unit = 0; unit < units.count; unit++) {
    matches += covered[unit]!;
    // Counted exactly, so that what was added and taken away again leaves nothing behind.
    sum = matches === 0 ? 0 : sum + inside[unit]!;
    emissions[4 * unit + tags.middle]! += sum;
    if (matches > 0 && rules[unit] === boundaryRule.spaced) rules[unit] = boundaryRule.free;
    if (unit % UNITS_PER_STEP === UNITS_PER_STEP - 1) yield UNITS_PER_STEP;
  }
}
