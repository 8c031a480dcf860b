const maxWords = 1 << 15;
const slotCount = 1 << 16;
const maxKeyUnits = 1 << 19;
const maxPieces = 1 << 18;

/** Longest word that is worth remembering, in characters. */
export const maxCachedWord = 32;

/**
 * Remembers how words split: normalised characters → pieces. Bounded (about 4 MB when full); when it is full it starts
 * afresh, which costs less than keeping track of use.
 */
export class WordCache {
  readonly #slots = new Int32Array(slotCount);
  readonly #hashes = new Int32Array(maxWords);
  readonly #keyStarts = new Int32Array(maxWords + 1);
  readonly #pieceStarts = new Int32Array(maxWords + 1);
  readonly #keys = new Uint16Array(maxKeyUnits);
  /** Ids and ends of the pieces; end is relative to the word. */
  readonly ids = new Int32Array(maxPieces);
  readonly ends = new Int32Array(maxPieces);
  #words = 0;

  /** The word's number, or -1. `hash` is any hash of `characters[0, length)`. */
  find(characters: Int32Array, length: number, hash: number): number {
    let slot = spread(hash);
    for (;;) {
      const word = this.#slots[slot]! - 1;
      if (word === -1) return -1;
      if (this.#hashes[word] === hash && this.#isSame(word, characters, length)) return word;
      slot = (slot + 1) & (slotCount - 1);
    }
  }

  firstPiece(word: number): number {
    return this.#pieceStarts[word]!;
  }

  endOfPieces(word: number): number {
    return this.#pieceStarts[word + 1]!;
  }

  add(characters: Int32Array, length: number, hash: number, ids: Int32Array, ends: Int32Array, pieces: number): void {
    const key = this.#keyStarts[this.#words]!;
    const piece = this.#pieceStarts[this.#words]!;
    if (this.#words === maxWords || key + length > maxKeyUnits || piece + pieces > maxPieces) {
      this.#slots.fill(0);
      this.#words = 0;
      this.add(characters, length, hash, ids, ends, pieces);
      return;
    }
    for (let i = 0; i < length; i++) this.#keys[key + i] = characters[i]!;
    for (let i = 0; i < pieces; i++) {
      this.ids[piece + i] = ids[i]!;
      this.ends[piece + i] = ends[i]!;
    }
    const word = this.#words++;
    this.#hashes[word] = hash;
    this.#keyStarts[word + 1] = key + length;
    this.#pieceStarts[word + 1] = piece + pieces;
    let slot = spread(hash);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    this.#slots[slot] = word + 1;
  }

  #isSame(word: number, characters: Int32Array, length: number): boolean {
    const key = this.#keyStarts[word]!;
    if (this.#keyStarts[word + 1]! - key !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#keys[key + i] !== characters[i]) return false;
    }
    return true;
  }
}

function spread(hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 16) & (slotCount - 1);
}
