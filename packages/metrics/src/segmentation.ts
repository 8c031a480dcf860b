import { ValidationError } from '@zooid/common';
import { type PrecisionRecallF1, ratio } from './counts.js';
import { assertSameLength } from './same-length.js';

export interface SegmentationScores extends PrecisionRecallF1 {
  /** Recall of the gold words that `vocabulary` lacks; NaN when there are none. */
  readonly oovRecall: number;
  /** Recall of the gold words that `vocabulary` holds; NaN when there are none. */
  readonly ivRecall: number;
  /** Share of gold words that `vocabulary` lacks. */
  readonly oovRate: number;
}

/**
 * Word segmentation as in the SIGHAN bakeoffs: a word is right when both its ends are.
 *
 * @param gold the words of each text; both sides must join to the same text.
 * @param vocabulary words of the training data.
 * @throws ValidationError when the words of a text do not join to the same string.
 * @see Emerson 2005, "The Second International Chinese Word Segmentation Bakeoff"
 */
export function segmentationScores(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  vocabulary: ReadonlySet<string>,
): SegmentationScores {
  assertSameLength('segmentation scores', gold, predicted);
  let goldWords = 0;
  let predictedWords = 0;
  const right = { known: 0, unknown: 0 };
  let unknownWords = 0;
  for (const [i, words] of gold.entries()) {
    const found = predicted[i]!;
    if (words.join('') !== found.join('')) {
      throw new ValidationError('segmentation scores', [
        { path: `/predicted/${i}`, message: 'is of another text than gold' },
      ]);
    }
    const foundBounds = new Set(bounds(found));
    for (const [k, bound] of bounds(words).entries()) {
      const kind = vocabulary.has(words[k]!) ? 'known' : 'unknown';
      if (kind === 'unknown') unknownWords++;
      if (foundBounds.has(bound)) right[kind]++;
    }
    goldWords += words.length;
    predictedWords += found.length;
  }
  const correct = right.known + right.unknown;
  return {
    precision: ratio(correct, predictedWords),
    recall: ratio(correct, goldWords),
    f1: ratio(2 * correct, predictedWords + goldWords),
    oovRecall: right.unknown / unknownWords,
    ivRecall: right.known / (goldWords - unknownWords),
    oovRate: unknownWords / goldWords,
  };
}

/** `start:end` of each word. */
function bounds(words: readonly string[]): string[] {
  let start = 0;
  return words.map((word) => {
    const bound = `${start}:${start + word.length}`;
    start += word.length;
    return bound;
  });
}
