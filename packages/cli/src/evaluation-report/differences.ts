import type { Segment } from '@zooid/spec';

/** Segments of either side that overlap one another, and none beside them. */
export interface Difference {
  readonly expected: readonly Segment[];
  readonly answered: readonly Segment[];
}

/** Goes through the segments of two sides, each in text order, in the smallest parts that do not cut any. */
export function* alignedParts(
  expected: readonly Segment[],
  answered: readonly Segment[],
): Generator<Difference & { readonly isRight: boolean }> {
  let [i, k] = [0, 0];
  while (i < expected.length || k < answered.length) {
    const [firstExpected, firstAnswered] = [i, k];
    let end =
      Math.min(expected[i]?.start ?? Number.POSITIVE_INFINITY, answered[k]?.start ?? Number.POSITIVE_INFINITY) + 1;
    for (let isGrowing = true; isGrowing; ) {
      isGrowing = false;
      for (; i < expected.length && expected[i]!.start < end; i++) {
        end = Math.max(end, expected[i]!.end);
        isGrowing = true;
      }
      for (; k < answered.length && answered[k]!.start < end; k++) {
        end = Math.max(end, answered[k]!.end);
        isGrowing = true;
      }
    }
    const part = { expected: expected.slice(firstExpected, i), answered: answered.slice(firstAnswered, k) };
    yield { ...part, isRight: areEqual(part) };
  }
}

function areEqual({ expected, answered }: Difference): boolean {
  const [a, b] = [expected[0], answered[0]];
  if (expected.length !== 1 || answered.length !== 1) return false;
  return a!.start === b!.start && a!.end === b!.end && a!.label === b!.label;
}
