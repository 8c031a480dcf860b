import type { LexiconMatch } from './lexicon/lexicon.js';

/** Empty place in a position's label list. */
export const PAD_LABEL = 0;
/** The position matches nothing. */
export const NONE_LABEL = 1;

const places = ['B', 'I', 'E', 'S'] as const;
export type Place = (typeof places)[number];

/**
 * Slot labels: type × {B, I, E, S}, because a lone type tag cannot tell two adjacent songs from one. Row 0 is the
 * empty place and row 1 `NONE`; the last four rows stand for any type the model was not trained on.
 */
export class SlotLabels {
  private readonly firstRow: ReadonlyMap<string, number>;

  constructor(readonly types: readonly string[]) {
    this.firstRow = new Map(types.map((type, i) => [type, 2 + 4 * i]));
  }

  /** Trained rows: empty, NONE and four per type. The untrained type's four rows follow. */
  get trainedRows(): number {
    return 2 + 4 * this.types.length;
  }

  id(type: string, place: Place): number {
    return (this.firstRow.get(type) ?? this.trainedRows) + places.indexOf(place);
  }
}

/** The place of unit `index` in a match that covers `[first, last]`. */
export function placeOf(index: number, first: number, last: number): Place {
  if (first === last) return 'S';
  if (index === first) return 'B';
  return index === last ? 'E' : 'I';
}

/**
 * Projects matches onto positions: every covered position gets the match's place label, longer matches first, then
 * more popular ones; labels are distinct per position and at most `limit`. Positions nothing covers get `NONE`.
 *
 * Each match must lie in `positions` as inclusive position indices.
 */
export function labelPositions(
  length: number,
  matches: readonly { readonly first: number; readonly last: number; readonly match: LexiconMatch }[],
  labels: SlotLabels,
  limit: number,
): number[][] {
  const perPosition: number[][] = Array.from({ length }, () => []);
  const byPriority = [...matches].sort(
    (a, b) =>
      b.match.end - b.match.start - (a.match.end - a.match.start) ||
      b.match.popularity - a.match.popularity ||
      a.match.start - b.match.start ||
      (a.match.type < b.match.type ? -1 : 1),
  );
  for (const { first, last, match } of byPriority) {
    for (let position = first; position <= last; position++) {
      const here = perPosition[position]!;
      const label = labels.id(match.type, placeOf(position, first, last));
      if (here.length < limit && !here.includes(label)) here.push(label);
    }
  }
  for (const here of perPosition) if (here.length === 0) here.push(NONE_LABEL);
  return perPosition;
}
