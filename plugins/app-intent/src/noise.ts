import type { Random } from '@zooid/tensor';
import type { NoiseOptions } from './options.js';
import { type PlacedMatch, placesOfSpan } from './placed-match.js';

/**
 * Makes matches as unreliable as a real lexicon: drops some (teaches "missing is possible"), gives some another type
 * and adds a false one (teaches "present may be wrong"). `length` counts positions with the special ones at both ends.
 */
export function perturbMatches(
  matches: readonly PlacedMatch[],
  length: number,
  types: readonly string[],
  options: NoiseOptions,
  random: Random,
): PlacedMatch[] {
  const kept = matches.filter(({ sole }) => !(options.leaveOneOut && sole) && !random.bernoulli(options.drop));
  const noisy = kept.map((placed) =>
    types.length > 1 && random.bernoulli(options.swapType)
      ? { ...placed, match: { ...placed.match, type: otherType(placed.match.type, types, random) } }
      : placed,
  );
  if (types.length > 0 && length > 3 && random.bernoulli(options.falseMatch)) {
    noisy.push(falseMatch(length, types, random));
  }
  return noisy;
}

function otherType(type: string, types: readonly string[], random: Random): string {
  return random.choice(types.filter((candidate) => candidate !== type));
}

/** A random type on 2–4 inner positions. */
function falseMatch(length: number, types: readonly string[], random: Random): PlacedMatch {
  const inner = length - 2;
  const span = Math.min(inner, 2 + random.int(3));
  const first = 1 + random.int(inner - span + 1);
  const type = random.choice(types);
  const match = { entry: -1, surface: '', type, start: first, end: first + span, popularity: 0 };
  return { match, first, places: placesOfSpan(span), sole: false };
}
