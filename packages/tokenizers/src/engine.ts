import type { AddedTokenMatcher } from './added-tokens.js';
import type { TokenBuffer } from './token-buffer.js';

/** What makes tokens of the text between those added tokens that are found in it as it stands. */
export interface Engine {
  /** Appends the tokens of `text[from, to)`, with places in `text`; stops early once `out` is full. */
  split(text: string, from: number, to: number, out: TokenBuffer): void;
  /** The same with the added tokens that are looked for after normalisation. */
  splitAround(text: string, from: number, to: number, matcher: AddedTokenMatcher, out: TokenBuffer): void;
  /** A text as it is after normalisation. */
  normalized(text: string): string;
}
