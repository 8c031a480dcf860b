import { Trie } from './trie.js';

export interface WordPieceOptions {
  readonly unknownId: number;
  /** What a piece that does not start its word begins with, `##` in BERT. */
  readonly continuingPrefix: string;
  /** A word of more code points than this is unknown as a whole. */
  readonly maxCharactersPerWord: number;
}

/** Greedy longest-match-first WordPiece over a vocabulary. @see Schuster and Nakajima 2012; Devlin et al. 2018 */
export class WordPiece {
  readonly unknownId: number;
  readonly maxCharactersPerWord: number;
  readonly #trie = new Trie();
  /** Where pieces inside a word start in the trie; -1 when the vocabulary has none. */
  readonly #inside: number;

  constructor(vocab: ReadonlyMap<string, number>, options: WordPieceOptions) {
    this.unknownId = options.unknownId;
    this.maxCharactersPerWord = options.maxCharactersPerWord;
    for (const [token, id] of vocab) this.#trie.setValue(this.#trie.insert(token), id);
    this.#inside = this.#trie.find(options.continuingPrefix);
  }

  /**
   * Splits the word `characters[from, to)` (normalised code points) into pieces: writes their ids, and where each
   * ends relative to `from`.
   *
   * @returns the number of pieces, or -1 when the word is unknown. The outputs need room for one piece a character.
   */
  split(characters: Int32Array, from: number, to: number, ids: Int32Array, ends: Int32Array): number {
    if (to - from > this.maxCharactersPerWord) return -1;
    const trie = this.#trie;
    let count = 0;
    let start = from;
    while (start < to) {
      let node = start === from ? 0 : this.#inside;
      let id = -1;
      let end = start;
      for (let i = start; i < to && node !== -1; i++) {
        node = trie.step(node, characters[i]!);
        if (node === -1) break;
        const value = trie.value(node);
        if (value !== -1) {
          id = value;
          end = i + 1;
        }
      }
      if (id === -1) return -1;
      ids[count] = id;
      ends[count++] = end - from;
      start = end;
    }
    return count;
  }

  /** The id of a word of one character. */
  single(character: number): number {
    const node = this.#trie.step(0, character);
    const id = node === -1 ? -1 : this.#trie.value(node);
    return id === -1 ? this.unknownId : id;
  }
}
