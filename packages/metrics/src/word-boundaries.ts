import { ValidationError } from '@zooid/common';
import { type PrecisionRecallF1, ratio } from './counts.js';
import { assertSameLength } from './same-length.js';

export interface WordBoundaryScores extends PrecisionRecallF1 {
  /** Share of texts in which every boundary is right and none too many. */
  readonly exactMatch: number;
}

/**
 * Boundaries between the segments of texts: words, or sentences of a stream. The ends of a text are no boundaries, for
 * nobody could miss them.
 *
 * @param gold the segments of each text; both sides must join to the same text.
 * @throws ValidationError when the segments of a text do not join to the same string.
 */
export function wordBoundaryScores(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): WordBoundaryScores {
  assertSameLength('boundary scores', gold, predicted);
  const total = { gold: 0, predicted: 0, right: 0, exact: 0 };
  for (const [i, segments] of gold.entries()) {
    const found = predicted[i]!;
    if (segments.join('') !== found.join('')) {
      throw new ValidationError('boundary scores', [
        { path: `/predicted/${i}`, message: 'is of another text than gold' },
      ]);
    }
    const wanted = boundariesIn(segments);
    const given = boundariesIn(found);
    const right = [...given].filter((place) => wanted.has(place)).length;
    total.gold += wanted.size;
    total.predicted += given.size;
    total.right += right;
    if (right === wanted.size && right === given.size) total.exact++;
  }
  return {
    precision: ratio(total.right, total.predicted),
    recall: ratio(total.right, total.gold),
    f1: ratio(2 * total.right, total.predicted + total.gold),
    exactMatch: total.exact / gold.length,
  };
}

/** Places inside the text where a segment ends. */
function boundariesIn(segments: readonly string[]): ReadonlySet<number> {
  const places = new Set<number>();
  let at = 0;
  for (const segment of segments.slice(0, -1)) {
    at += segment.length;
    places.add(at);
  }
  return places;
}
