import type { AhoCorasick, Tokenizer } from '@zooid/tokenizers';

/** Marks the first token of every word: 1 where a word starts, 0 where it goes on. */
export type WordStarts = (text: string, ids: Int32Array, offsets: Int32Array) => Uint8Array;

/**
 * Words for whole-word masking. A piece with WordPiece's `##` belongs to the word before it. Where a lexicon is given,
 * the tokens of one of its words belong together too, so that Chinese, whose tokens are characters, has words at all;
 * of words that overlap the one that starts first counts, of those the longest.
 *
 * @see Cui et al. 2021, "Pre-Training With Whole Word Masking for Chinese BERT"
 */
export function wordStartsOf(tokenizer: Tokenizer, lexicon?: AhoCorasick<unknown>): WordStarts {
  const continues = Uint8Array.from({ length: tokenizer.vocabSize }, (_, id) =>
    tokenizer.tokenOf(id).startsWith('##') ? 1 : 0,
  );
  return (text, ids, offsets) => {
    const starts = Uint8Array.from(ids, (id) => 1 - continues[id]!);
    if (lexicon === undefined) return starts;
    const words = longestMatches(text, lexicon);
    let token = 0;
    for (const [from, to] of words) {
      while (token < ids.length && offsets[2 * token]! < from) token++;
      // The token at `from` keeps its flag; those after it within the word lose theirs.
      if (offsets[2 * token] !== from) continue;
      for (token++; token < ids.length && offsets[2 * token + 1]! <= to; token++) starts[token] = 0;
    }
    return starts;
  };
}

/** Non-overlapping matches in text order, as `[start, end)` in UTF-16 units. */
function longestMatches(text: string, lexicon: AhoCorasick<unknown>): (readonly [number, number])[] {
  const longest = new Map<number, number>();
  lexicon.forEachMatch(text, (_, start, end) => {
    if (end > (longest.get(start) ?? 0)) longest.set(start, end);
  });
  const chosen: (readonly [number, number])[] = [];
  let at = 0;
  for (const [start, end] of [...longest].sort(([a], [b]) => a - b)) {
    if (start < at) continue;
    chosen.push([start, end]);
    at = end;
  }
  return chosen;
}
