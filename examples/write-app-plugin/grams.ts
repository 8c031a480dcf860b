/**
 * Runs of one to three characters, with `_` at word borders: `_th`, `he_`. A Han character, kana syllable or Hangul
 * block says more by its script than by itself, so each is replaced by one representative of its script.
 */
export function gramsOf(text: string): string[] {
  const characters = Array.from(
    `_${text}_`
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}]+/gu, '_')
      .replace(/\p{Script=Han}/gu, '汉')
      .replace(/\p{Script=Hiragana}/gu, 'ひ')
      .replace(/\p{Script=Katakana}/gu, 'カ'),
  );
  return characters.flatMap((_, i) =>
    [1, 2, 3]
      .filter((length) => i + length <= characters.length)
      .map((length) => characters.slice(i, i + length).join(''))
      .filter((gram) => gram !== '_'),
  );
}

/** How often each known gram occurs in each text: `[texts, grams]`, row-major. */
export function countGrams(texts: readonly string[], grams: ReadonlyMap<string, number>): Float32Array {
  const counts = new Float32Array(texts.length * grams.size);
  for (const [row, text] of texts.entries()) {
    for (const gram of gramsOf(text)) {
      const column = grams.get(gram);
      if (column !== undefined) counts[row * grams.size + column]! += 1;
    }
  }
  return counts;
}
