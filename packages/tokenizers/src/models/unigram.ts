import { byteTokens } from '../byte-characters.js';
import type { UnigramModel } from '../definition.js';
import type { TokenBuffer } from '../token-buffer.js';
import { Trie } from '../trie.js';
import type { Segmenter } from './segmenter.js';

/** How much less likely than the least likely token an unknown character is, in nats; SentencePiece's `kUnkPenalty`. */
const unknownPenalty = 10;

/**
 * The most likely segmentation under a unigram language model, found by dynamic programming over the characters of a
 * piece. Neighbouring unknown characters are one unknown token. Of equally likely ways, the one met first from the left.
 *
 * @see Kudo 2018, "Subword Regularization"; sentencepiece `unigram_model.cc`, `EncodeOptimized`
 */
export class Unigram implements Segmenter {
  readonly #trie = new Trie();
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  readonly #unknownId: number;
  readonly #byteIds: readonly number[] | undefined;
  /** By UTF-16 unit of the piece: the best way to get there. */
  #best = new Float64Array(64);
  #from = new Int32Array(64);
  #ids = new Int32Array(64);

  /** @param controls Tokens that no text may produce: special ones. */
  constructor(vocab: ReadonlyMap<string, number>, model: UnigramModel, controls: ReadonlySet<string>) {
    this.#scores = Float64Array.from(model.scores);
    this.#unknownScore =
      model.scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty;
    this.#unknownId = model.unknownId ?? -1;
    const bytes = byteTokens.map((token) => vocab.get(token) ?? -1);
    if (model.byteFallback && !bytes.includes(-1)) this.#byteIds = bytes;
    const hidden = new Set([...controls, ...(model.byteFallback ? byteTokens : [])]);
    for (const [token, id] of vocab) {
      if (id >= model.scores.length || id === this.#unknownId || hidden.has(token)) continue;
      this.#trie.setValue(this.#trie.insert(token), id);
    }
  }

  segment(text: string, from: number, to: number, out: TokenBuffer): void {
    this.#findBest(text, from, to);
    const length = to - from;
    // Back from the end; `#ids` is free to hold the ends of the tokens on the way.
    let count = 0;
    const ends = new Int32Array(length);
    for (let end = length; end > 0; end = this.#from[end]!) ends[count++] = end;
    let start = 0;
    let unknownStart = -1;
    for (let i = count - 1; i >= 0; i--) {
      const end = ends[i]!;
      const id = this.#ids[end]!;
      if (id === this.#unknownId && unknownStart === -1) unknownStart = start;
      if (id !== this.#unknownId) {
        if (unknownStart !== -1) this.#pushUnknown(text, from + unknownStart, from + start, out);
        unknownStart = -1;
        out.push(id, from + start, from + end);
      }
      start = end;
    }
    if (unknownStart !== -1) this.#pushUnknown(text, from + unknownStart, to, out);
  }

  #findBest(text: string, from: number, to: number): void {
    const length = to - from;
    if (length + 1 > this.#best.length) this.#resize(2 * (length + 1));
    const trie = this.#trie;
    const best = this.#best;
    best.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    best[0] = 0;
    for (let start = 0; start < length; ) {
      const here = best[start]!;
      let isCovered = false;
      let node = 0;
      let single = start + 1;
      for (let i = start; i < length; ) {
        const codePoint = text.codePointAt(from + i)!;
        const next = i + (codePoint > 0xffff ? 2 : 1);
        if (i === start) single = next;
        node = trie.step(node, codePoint);
        if (node === -1) break;
        const id = trie.value(node);
        if (id !== -1) {
          if (next === single) isCovered = true;
          this.#offer(next, here + this.#scores[id]!, start, id);
        }
        i = next;
      }
      if (!isCovered) this.#offer(single, here + this.#unknownScore, start, this.#unknownId);
      start = single;
    }
  }

  #offer(end: number, score: number, start: number, id: number): void {
    if (score <= this.#best[end]!) return;
    this.#best[end] = score;
    this.#from[end] = start;
    this.#ids[end] = id;
  }

  #pushUnknown(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#byteIds === undefined) {
      if (this.#unknownId !== -1) out.push(this.#unknownId, start, end);
      return;
    }
    for (let i = start; i < end; ) {
      const character = String.fromCodePoint(text.codePointAt(i)!);
      for (const byte of Buffer.from(character, 'utf8')) {
        out.push(this.#byteIds[byte]!, i, i + character.length);
      }
      i += character.length;
    }
  }

  #resize(capacity: number): void {
    this.#best = new Float64Array(capacity);
    this.#from = new Int32Array(capacity);
    this.#ids = new Int32Array(capacity);
  }
}
