import type { LexiconMatch } from './lexicon/lexicon.js';
import { NONE_LABEL, type Place, placeOf, type SlotLabels } from './slot-labels.js';

/** A lexicon match on token positions. */
export interface PlacedMatch {
  readonly match: LexiconMatch;
  /** The first position it touches. */
  readonly first: number;
  /**
   * The places of the match's characters in each position from `first` on. A word piece covers several characters and
   * has the places of all of them.
   */
  readonly places: readonly (readonly Place[])[];
  /** The matched entry is known from this very training text only. */
  readonly sole: boolean;
}

/** Places of a span whose positions are single characters. */
export function placesOfSpan(length: number): readonly (readonly Place[])[] {
  return Array.from({ length }, (_, i) => [placeOf(i, 0, length - 1)]);
}

/**
 * Puts a match on the tokens that hold its characters; `undefined` when truncation left none of them.
 *
 * @param offsets `[start, end)` of each token in UTF-16 units of `text`; special tokens are empty.
 */
export function placeMatch(
  match: LexiconMatch,
  text: string,
  offsets: Int32Array,
): Omit<PlacedMatch, 'sole'> | undefined {
  // The match's first character is [start, inside), its last [last, end).
  const inside = match.start + (text.codePointAt(match.start)! > 0xffff ? 2 : 1);
  const last = match.end - (/[\udc00-\udfff]/.test(text[match.end - 1]!) ? 2 : 1);
  let first = -1;
  const placesOfTokens: Place[][] = [];
  for (let token = firstTokenAfter(offsets, match.start); 2 * token < offsets.length; token++) {
    const start = offsets[2 * token]!;
    const end = offsets[2 * token + 1]!;
    if (start >= match.end || end <= match.start) break;
    if (first < 0) first = token;
    if (last < inside) placesOfTokens.push(['S']);
    else {
      const here: Place[] = [];
      if (start < inside) here.push('B');
      if (Math.max(start, inside) < Math.min(end, last)) here.push('I');
      if (end > last) here.push('E');
      placesOfTokens.push(here);
    }
  }
  return first < 0 ? undefined : { match, first, places: placesOfTokens };
}

/** The first token that ends after `index`; tokens of the text are in order, special ones stand around them. */
function firstTokenAfter(offsets: Int32Array, index: number): number {
  let token = 0;
  while (2 * token < offsets.length && offsets[2 * token + 1]! <= index) token++;
  return token;
}

/**
 * Labels of each position: longer matches first, then more popular ones; distinct, and at most `limit`. Positions
 * nothing covers get `NONE`.
 */
export function labelPositions(
  length: number,
  matches: readonly PlacedMatch[],
  labels: SlotLabels,
  limit: number,
): number[][] {
  const perPosition: number[][] = Array.from({ length }, () => []);
  for (const { first, places, match } of matches.toSorted(byPriority)) {
    places.forEach((here, i) => {
      const labelsHere = perPosition[first + i]!;
      for (const place of here) {
        const label = labels.id(match.type, place);
        if (labelsHere.length < limit && !labelsHere.includes(label)) labelsHere.push(label);
      }
    });
  }
  for (const here of perPosition) if (here.length === 0) here.push(NONE_LABEL);
  return perPosition;
}

function byPriority({ match: a }: PlacedMatch, { match: b }: PlacedMatch): number {
  return (
    b.end - b.start - (a.end - a.start) ||
    b.popularity - a.popularity ||
    a.start - b.start ||
    (a.type < b.type ? -1 : Number(a.type > b.type))
  );
}
