import { byteCharacters, byteTokens, writeUtf8 } from '../byte-characters.js';
import type { BpeModel } from '../definition.js';
import { TokenizerError } from '../errors.js';
import type { TokenBuffer } from '../token-buffer.js';
import { MergeTable } from './merge-table.js';
import { NumberHeap } from './number-heap.js';
import type { Segmenter } from './segmenter.js';

/** Ranks share a double with a place in the text. */
const maxMerges = 2 ** 21;
const placeRange = 2 ** 32;

/**
 * Byte-pair encoding: starts from characters, or bytes, and merges the neighbours whose merge was learned first, the
 * leftmost of equals. A priority queue makes it O(n log n) in the length of a piece.
 *
 * @see Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"
 */
export class Bpe implements Segmenter {
  readonly #merges: MergeTable;
  readonly #mergedIds: Int32Array;
  /** Ids of single bytes, or -1: of `byteCharacters` when pieces are bytes, else of `byteTokens` for falling back. */
  readonly #byteIds: Int32Array;
  readonly #unknownId: number | undefined;
  readonly #heap = new NumberHeap();
  readonly #utf8 = new Uint8Array(4);
  /** The word being merged; `next` and `previous` link what is left of it. */
  #ids = new Int32Array(64);
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #next = new Int32Array(64);
  #previous = new Int32Array(64);
  /** Rank of the merge with the symbol that follows, or -1. */
  #ranks = new Int32Array(64);
  #length = 0;

  /** @throws TokenizerError when a merge speaks of tokens that the vocabulary lacks. */
  constructor(
    readonly vocab: ReadonlyMap<string, number>,
    readonly model: BpeModel,
    readonly isBytes: boolean,
  ) {
    const { merges, unknown } = model;
    if (merges.length > maxMerges) {
      throw new TokenizerError('merges', `expected at most ${maxMerges}, found ${merges.length}`);
    }
    this.#unknownId = unknown === undefined ? undefined : vocab.get(unknown);
    this.#byteIds = Int32Array.from(isBytes ? byteCharacters : byteTokens, (token) => vocab.get(token) ?? -1);
    this.#merges = new MergeTable(merges.length);
    this.#mergedIds = new Int32Array(merges.length);
    const find = (token: string, rank: number) => {
      const id = vocab.get(token);
      if (id !== undefined) return id;
      throw new TokenizerError(
        `merge ${rank}`,
        `${JSON.stringify(token)} is not in the vocabulary; the two belong to different models`,
      );
    };
    merges.forEach(([left, right], rank) => {
      this.#mergedIds[rank] = find(left + right.slice(model.continuingPrefix.length), rank);
      this.#merges.set(find(left, rank), find(right, rank), rank);
    });
  }

  segment(text: string, from: number, to: number, out: TokenBuffer): void {
    if (this.model.ignoreMerges) {
      const whole = this.vocab.get(this.#key(text, from, to));
      if (whole !== undefined) {
        out.push(whole, from, to);
        return;
      }
    }
    this.#length = 0;
    if (this.isBytes) this.#addBytes(text, from, to);
    else this.#addCharacters(text, from, to);
    this.#merge();
    for (let at = this.#length === 0 ? -1 : 0; at !== -1; at = this.#next[at]!) {
      out.push(this.#ids[at]!, this.#starts[at]!, this.#ends[at]!);
    }
  }

  #key(text: string, from: number, to: number): string {
    const piece = text.slice(from, to);
    if (!this.isBytes) return piece;
    let key = '';
    for (const character of piece) {
      const count = writeUtf8(character.codePointAt(0)!, this.#utf8, 0);
      for (let i = 0; i < count; i++) key += byteCharacters[this.#utf8[i]!]!;
    }
    return key;
  }

  #addBytes(text: string, from: number, to: number): void {
    for (let i = from; i < to; ) {
      const codePoint = text.codePointAt(i)!;
      const end = i + (codePoint > 0xffff ? 2 : 1);
      const count = writeUtf8(codePoint, this.#utf8, 0);
      for (let byte = 0; byte < count; byte++) {
        const id = this.#byteIds[this.#utf8[byte]!]!;
        if (id === -1) this.#addUnknown(i, end);
        else this.#add(id, i, end);
      }
      i = end;
    }
  }

  #addCharacters(text: string, from: number, to: number): void {
    const { continuingPrefix, endOfWordSuffix, byteFallback } = this.model;
    for (let i = from; i < to; ) {
      const codePoint = text.codePointAt(i)!;
      const end = i + (codePoint > 0xffff ? 2 : 1);
      let token = text.slice(i, end);
      if (i > from) token = continuingPrefix + token;
      if (end === to) token += endOfWordSuffix;
      const id = this.vocab.get(token);
      if (id !== undefined) this.#add(id, i, end);
      else if (!byteFallback || !this.#addFallback(token, i, end)) this.#addUnknown(i, end);
      i = end;
    }
  }

  #addFallback(token: string, start: number, end: number): boolean {
    const ids = Array.from(Buffer.from(token, 'utf8'), (byte) => this.#byteIds[byte]!);
    if (ids.includes(-1)) return false;
    for (const id of ids) this.#add(id, start, end);
    return true;
  }

  /** A model without an unknown token leaves out what it does not know, as the reference does. */
  #addUnknown(start: number, end: number): void {
    const unknownId = this.#unknownId;
    if (unknownId === undefined) return;
    const last = this.#length - 1;
    const extendsLast = this.model.fuseUnknown && last >= 0 && this.#ids[last] === unknownId;
    if (extendsLast) this.#ends[last] = end;
    else this.#add(unknownId, start, end);
  }

  #add(id: number, start: number, end: number): void {
    if (this.#length === this.#ids.length) this.#resize(2 * this.#length);
    const at = this.#length++;
    this.#ids[at] = id;
    this.#starts[at] = start;
    this.#ends[at] = end;
  }

  #merge(): void {
    const length = this.#length;
    const heap = this.#heap;
    const ids = this.#ids;
    const next = this.#next;
    const previous = this.#previous;
    heap.clear();
    for (let i = 0; i < length; i++) {
      next[i] = i + 1 < length ? i + 1 : -1;
      previous[i] = i - 1;
    }
    for (let i = 0; i < length; i++) this.#rank(i);
    while (heap.size > 0) {
      const key = heap.pop();
      const rank = Math.floor(key / placeRange);
      const at = key - rank * placeRange;
      // Entries are not taken out when a neighbour changes; the rank tells those that no longer hold.
      if (this.#ranks[at] !== rank) continue;
      const right = next[at]!;
      ids[at] = this.#mergedIds[rank]!;
      this.#ends[at] = this.#ends[right]!;
      this.#ranks[right] = -1;
      const after = next[right]!;
      next[at] = after;
      if (after !== -1) previous[after] = at;
      this.#rank(at);
      if (previous[at] !== -1) this.#rank(previous[at]!);
    }
  }

  /** Looks up the merge of the symbol at `at` with the one that follows, and queues it. */
  #rank(at: number): void {
    const right = this.#next[at]!;
    const rank = right === -1 ? -1 : this.#merges.get(this.#ids[at]!, this.#ids[right]!);
    this.#ranks[at] = rank;
    if (rank !== -1) this.#heap.push(rank * placeRange + at);
  }

  #resize(capacity: number): void {
    const resize = (old: Int32Array) => {
      const array = new Int32Array(capacity);
      array.set(old);
      return array;
    };
    this.#ids = resize(this.#ids);
    this.#starts = resize(this.#starts);
    this.#ends = resize(this.#ends);
    this.#next = resize(this.#next);
    this.#previous = resize(this.#previous);
    this.#ranks = resize(this.#ranks);
  }
}
