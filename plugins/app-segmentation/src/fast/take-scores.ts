import { type Units, unitKind } from '@zooid/tokenizers';

/** Flat scores of units, `[…, granularities, 4]`, and which granularity's are wanted. */
export interface Scores {
  readonly scores: Float32Array;
  /** The unit in them that is the first one wanted. */
  readonly from: number;
  readonly granularities: number;
  readonly granularity: number;
}

/** Copies what the network says of the units `[first, end)` of a text into its emissions, `count × 4`; white space keeps zeros. */
export function takeScores(
  emissions: Float32Array,
  { kinds }: Units,
  { first, end }: { readonly first: number; readonly end: number },
  { scores, from, granularities, granularity }: Scores,
): void {
  const width = 4 * granularities;
  let at = width * from + 4 * granularity;
  for (let unit = first; unit < end; unit++, at += width) {
    if (kinds[unit] === unitKind.space) continue;
    const to = 4 * unit;
    emissions[to] = scores[at]!;
    emissions[to + 1] = scores[at + 1]!;
    emissions[to + 2] = scores[at + 2]!;
    emissions[to + 3] = scores[at + 3]!;
  }
}
