import type { TokenBuffer } from '../token-buffer.js';

/** The core of a model: one piece of text → tokens. */
export interface Segmenter {
  /**
   * Appends the tokens of `text[from, to)`, with places in UTF-16 units of `text`. A token that holds part of a
   * character's bytes stands for the whole character.
   */
  segment(text: string, from: number, to: number, out: TokenBuffer): void;
}

/** SentencePiece's stand-in for a space. */
const wordMark = '▁';

/**
 * Whether a text may be cut before every `▁` that follows another character without changing its tokens: no token
 * reaches across such a place, and `▁` itself is known, so that no unknown stretch does either.
 */
export function cutsBeforeWords(tokens: Iterable<string>): boolean {
  let isKnown = false;
  for (const token of tokens) {
    if (token === wordMark) isKnown = true;
    const mark = token.lastIndexOf(wordMark);
    if (mark > 0 && token[mark - 1] !== wordMark) return false;
    // Marks before the last one stand in a run of them, or else a run was broken further left.
    if (mark > 0 && /[^▁]▁/u.test(token)) return false;
  }
  return isKnown;
}

/** Where the word ends that starts at `from`: before the next `▁` that follows another character. */
export function endOfWord(text: string, from: number, to: number): number {
  for (let at = text.indexOf(wordMark, from + 1); at !== -1 && at < to; at = text.indexOf(wordMark, at + 1)) {
    if (text[at - 1] !== wordMark) return at;
  }
  return to;
}
