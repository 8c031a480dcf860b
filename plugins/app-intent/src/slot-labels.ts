/** Empty place in a position's label list. */
export const PAD_LABEL = 0;
/** The position matches nothing. */
export const NONE_LABEL = 1;

/** Places of a character in a match: beginning, inside, end, single. The order is that of the label rows. */
export const places = ['B', 'I', 'E', 'S'] as const;
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

  /** Trained rows: empty, NONE and four per type. The untrained types' four rows follow. */
  get trainedRows(): number {
    return 2 + places.length * this.types.length;
  }

  get rows(): number {
    return this.trainedRows + places.length;
  }

  /** `NONE` for every type when the model was trained on none: it has not learnt to read any label. */
  id(type: string, place: Place): number {
    if (this.types.length === 0) return NONE_LABEL;
    return (this.firstRow.get(type) ?? this.trainedRows) + places.indexOf(place);
  }
}

/** The place of unit `index` in a span that covers `[first, last]`. */
export function placeOf(index: number, first: number, last: number): Place {
  if (first === last) return 'S';
  if (index === first) return 'B';
  return index === last ? 'E' : 'I';
}
