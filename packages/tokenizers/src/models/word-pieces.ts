import type { TokenBuffer } from '../token-buffer.js';
import type { WordPiece } from '../wordpiece.js';
import type { Segmenter } from './segmenter.js';

/** WordPiece behind pre-tokenizers other than BERT's own. */
export class WordPieces implements Segmenter {
  readonly #characters: Int32Array;
  readonly #ids: Int32Array;
  readonly #ends: Int32Array;

  constructor(readonly wordPiece: WordPiece) {
    const capacity = wordPiece.maxCharactersPerWord;
    this.#characters = new Int32Array(capacity);
    this.#ids = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
  }

  segment(text: string, from: number, to: number, out: TokenBuffer): void {
    const { maxCharactersPerWord, unknownId } = this.wordPiece;
    let length = 0;
    for (let i = from; i < to && length <= maxCharactersPerWord; length++) {
      const codePoint = text.codePointAt(i)!;
      this.#characters[length] = codePoint;
      i += codePoint > 0xffff ? 2 : 1;
    }
    const count = this.wordPiece.split(this.#characters, 0, length, this.#ids, this.#ends);
    if (count === -1) {
      out.push(unknownId, from, to);
      return;
    }
    let start = from;
    let index = 0;
    for (let piece = 0; piece < count; piece++) {
      let end = start;
      for (; index < this.#ends[piece]!; index++) end += this.#characters[index]! > 0xffff ? 2 : 1;
      out.push(this.#ids[piece]!, start, end);
      start = end;
    }
  }
}
