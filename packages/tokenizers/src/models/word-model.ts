import type { AlignedText } from '../aligned-text.js';
import { TokenBuffer } from '../token-buffer.js';
import { maxCachedWord, WordCache } from '../word-cache.js';
import { endOfWord, type Segmenter } from './segmenter.js';

const spanBits = 8;
const spanMask = (1 << spanBits) - 1;

/** A segmenter that remembers the words it has met; text comes in aligned, tokens go out with places in the original. */
export class WordModel {
  readonly #cache = new WordCache();
  readonly #scratch = new TokenBuffer();
  readonly #word = new Int32Array(maxCachedWord);
  readonly #spans = new Int32Array(maxCachedWord * 4);

  /** @param cutsWords Whether pieces may be taken apart at `cutsBeforeWords` places first. */
  constructor(
    readonly segmenter: Segmenter,
    readonly cutsWords: boolean,
  ) {}

  /** Appends the tokens of `source.text[from, to)`; stops early once `out` is full. */
  tokenize(source: AlignedText, from: number, to: number, out: TokenBuffer): void {
    if (!this.cutsWords) {
      this.#tokenizeWord(source, from, to, out);
      return;
    }
    for (let start = from; start < to && !out.isFull; ) {
      const end = endOfWord(source.text, start, to);
      this.#tokenizeWord(source, start, end, out);
      start = end;
    }
  }

  #tokenizeWord(source: AlignedText, from: number, to: number, out: TokenBuffer): void {
    const { text } = source;
    const length = to - from;
    if (length > maxCachedWord) {
      this.#emit(source, this.#segment(text, from, to), out);
      return;
    }
    const word = this.#word;
    let hash = 0;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(from + i);
      word[i] = unit;
      hash = Math.imul(hash ^ unit, 0x01000193);
    }
    const cache = this.#cache;
    let known = cache.find(word, length, hash);
    if (known === -1) {
      const scratch = this.#segment(text, from, to);
      if (scratch.length > this.#spans.length) {
        this.#emit(source, scratch, out);
        return;
      }
      this.#remember(scratch, from, length, hash);
      known = cache.find(word, length, hash);
    }
    const last = cache.endOfPieces(known);
    if (source.starts === undefined) {
      const base = source.base + from;
      for (let piece = cache.firstPiece(known); piece < last; piece++) {
        const span = cache.ends[piece]!;
        out.push(cache.ids[piece]!, base + (span >> spanBits), base + (span & spanMask));
      }
      return;
    }
    for (let piece = cache.firstPiece(known); piece < last; piece++) {
      const span = cache.ends[piece]!;
      const start = source.originalStart(from + (span >> spanBits));
      out.push(cache.ids[piece]!, start, source.originalEnd(from + (span & spanMask)));
    }
  }

  #emit(source: AlignedText, tokens: TokenBuffer, out: TokenBuffer): void {
    for (let i = 0; i < tokens.length; i++) {
      const start = source.originalStart(tokens.offsets[2 * i]!);
      out.push(tokens.ids[i]!, start, source.originalEnd(tokens.offsets[2 * i + 1]!));
    }
  }

  #remember(tokens: TokenBuffer, from: number, length: number, hash: number): void {
    for (let i = 0; i < tokens.length; i++) {
      const start = tokens.offsets[2 * i]! - from;
      this.#spans[i] = (start << spanBits) | (tokens.offsets[2 * i + 1]! - from);
    }
    this.#cache.add(this.#word, length, hash, tokens.ids, this.#spans, tokens.length);
  }

  #segment(text: string, from: number, to: number): TokenBuffer {
    this.#scratch.reset(Number.POSITIVE_INFINITY);
    this.segmenter.segment(text, from, to, this.#scratch);
    return this.#scratch;
  }
}
