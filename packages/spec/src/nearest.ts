/** Names come from requests too, and a distance costs time in proportion to the length. */
const maxLength = 100;

/**
 * The candidate that a misspelt `word` most likely meant, or `undefined` when none is near enough to suggest.
 * Case and the separators `-` and `_` count little, so `batchSize` finds `batch_size`.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > maxLength) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  const plain = fold(word);
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const other = fold(candidate);
    // A long shared beginning is a good sign too: `epoch` → `epochs`, `learning` → `learningRate`.
    const isPrefix = plain.length >= 3 && (other.startsWith(plain) || plain.startsWith(other));
    const distance = isPrefix ? Math.min(1, editDistance(plain, other)) : editDistance(plain, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean 'epochs'?`, or nothing when no candidate is near: the tail of an error message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : `; did you mean '${found}'?`;
}

const fold = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** Levenshtein distance with transpositions of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforePrevious[j - 2]! + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
