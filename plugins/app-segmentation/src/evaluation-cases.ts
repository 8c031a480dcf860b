import type { Segment, SegmentsCase } from '@zooid/spec';
import { placesOf, type SegmentationExample } from './example.js';
import { type TrainingWords, type WordsByGranularity, withoutSpace } from './metrics.js';

/**
 * The words of each example beside those of its answer, a case for each granularity that it has. Expected words that the
 * training texts of the granularity lack are `unknown`.
 */
export function* segmentationCases(
  answers: readonly WordsByGranularity[],
  examples: readonly SegmentationExample[],
  granularities: readonly string[],
  trainingWords: TrainingWords,
): Generator<SegmentsCase> {
  for (const [index, { text, words }] of examples.entries()) {
    for (const group of granularities) {
      const gold = words.get(group);
      const found = answers[index]!.get(group);
      if (gold === undefined || found === undefined) continue;
      const expected = segmentsOf(text, gold, trainingWords.get(group));
      yield { kind: 'segments', index, group, text, expected, answered: segmentsOf(text, found) };
    }
  }
}

/** Without the white space at the ends of words, which is no part of what is scored. */
function segmentsOf(text: string, words: readonly string[], known?: ReadonlySet<string>): Segment[] {
  return Array.from(placesOf(text, words), ([from, to]) => {
    const word = text.slice(from, to);
    const start = from + word.length - word.trimStart().length;
    const end = start + word.trim().length;
    return known === undefined || known.has(withoutSpace(word)) ? { start, end } : { start, end, unknown: true };
  });
}
