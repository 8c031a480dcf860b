/** Flat scores of units, `[…, granularities, 4]`, and which granularity's are wanted. */
export interface Scores {
  readonly scores: Float32Array;
  /** The unit in them that is the first one wanted. */
  readonly from: number;
  readonly columns: { readonly of: number; readonly granularity: number };
}

/** Copies what the network says of the units `[first, end)` of a text into its emissions, `count × 4`. */
export function takeScores(
  emissions: Float32Array,
  { scores, from, columns }: Scores,
  { first, end }: { readonly first: number; readonly end: number },
): void {
  const width = 4 * columns.of;
  let at = width * from + 4 * columns.granularity;
  for (let to = 4 * first; to < 4 * end; to += 4) {
    emissions[to] = scores[at]!;
    emissions[to + 1] = scores[at + 1]!;
    emissions[to + 2] = scores[at + 2]!;
    emissions[to + 3] = scores[at + 3]!;
    at += width;
  }
}
