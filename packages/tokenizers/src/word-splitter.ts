import type { AddedTokenMatcher } from './added-tokens.js';
import { BertCharacters, type BertNormalization, characterClass } from './bert-characters.js';
import type { Engine } from './engine.js';
import { NormalizedRun } from './normalized-run.js';
import type { TokenBuffer } from './token-buffer.js';
import { maxCachedWord, WordCache } from './word-cache.js';
import type { WordPiece } from './wordpiece.js';

const unseen = characterClass.unseen;
const punctuation = characterClass.punctuation;
const space = characterClass.space;
const word = characterClass.word;

/**
 * Text → word pieces with offsets. Characters that normalise one to one (nearly all text) go through a class table
 * and a cache of words; a run that holds anything else is normalised with an alignment first. Both give the same result.
 */
export class WordSplitter implements Engine {
  readonly #table: BertCharacters;
  readonly #run: NormalizedRun;
  readonly #cache = new WordCache();
  /** Ids of the single-character words of the basic plane; -1 until first met. */
  readonly #singleIds = new Int32Array(0x10000).fill(-1);
  readonly #word = new Int32Array(maxCachedWord);
  readonly #pieceIds: Int32Array;
  readonly #pieceEnds: Int32Array;

  constructor(
    normalization: BertNormalization,
    readonly wordPiece: WordPiece,
  ) {
    this.#table = new BertCharacters(normalization);
    this.#run = new NormalizedRun(this.#table);
    const capacity = Math.max(wordPiece.maxCharactersPerWord, maxCachedWord);
    this.#pieceIds = new Int32Array(capacity);
    this.#pieceEnds = new Int32Array(capacity);
  }

  split(text: string, from: number, to: number, out: TokenBuffer): void {
    const table = this.#table;
    const { classes, mapped } = table;
    const singleIds = this.#singleIds;
    const characters = this.#word;
    let i = from;
    while (i < to) {
      const unit = text.charCodeAt(i);
      let kind = classes[unit]!;
      if (kind === unseen) kind = table.classify(unit);
      if (kind <= punctuation) {
        let id = singleIds[unit]!;
        if (id === -1) {
          id = this.wordPiece.single(unit);
          singleIds[unit] = id;
        }
        out.push(id, i, i + 1);
        i++;
        if (out.length >= out.limit) return;
        continue;
      }
      if (kind === space) {
        i++;
        continue;
      }
      const start = i;
      let hash = 0;
      let next = unit;
      while (kind === word) {
        const character = mapped[next]!;
        const length = i - start;
        if (length < maxCachedWord) characters[length] = character;
        hash = Math.imul(hash ^ character, 0x01000193);
        if (++i === to) break;
        next = text.charCodeAt(i);
        kind = classes[next]!;
        if (kind === unseen) kind = table.classify(next);
      }
      if (i < to && kind > word) {
        i = this.#endOfRun(text, i, to);
        this.#splitNormalized(text, start, i, out);
      } else if (i - start > maxCachedWord) {
        this.#splitNormalized(text, start, i, out);
      } else {
        this.#splitPlain(start, i - start, hash, out);
      }
      if (out.length >= out.limit) return;
    }
  }

  splitAround(text: string, from: number, to: number, matcher: AddedTokenMatcher, out: TokenBuffer): void {
    const run = this.#normalize(text, from, to);
    let rest = 0;
    matcher.forEachInRun(run, (id, start, end) => {
      this.#splitRun(run, rest, start, out);
      out.push(id, run.starts[start]!, run.ends[end - 1]!);
      rest = end;
    });
    this.#splitRun(run, rest, run.length, out);
  }

  normalized(text: string): string {
    const run = this.#normalize(text, 0, text.length);
    return Array.from(run.characters.subarray(0, run.length), (c) => String.fromCodePoint(c)).join('');
  }

  /** The run is good until the next call. */
  #normalize(text: string, from: number, to: number): NormalizedRun {
    this.#run.fill(text, from, to);
    return this.#run;
  }

  #splitRun(run: NormalizedRun, from: number, to: number, out: TokenBuffer): void {
    run.forEachWord(from, to, (first, last, hasSpacingMark) => {
      if (out.isFull) return;
      const mustReorder = hasSpacingMark && this.#table.normalization.stripAccents;
      if (mustReorder && last - first <= this.wordPiece.maxCharactersPerWord) run.reorder(first, last);
      const count = this.wordPiece.split(run.characters, first, last, this.#pieceIds, this.#pieceEnds);
      if (count === -1) {
        out.push(this.wordPiece.unknownId, run.starts[first]!, run.ends[last - 1]!);
        return;
      }
      let begin = first;
      for (let piece = 0; piece < count; piece++) {
        const end = first + this.#pieceEnds[piece]!;
        out.push(this.#pieceIds[piece]!, run.starts[begin]!, run.ends[end - 1]!);
        begin = end;
      }
    });
  }

  #splitNormalized(text: string, from: number, to: number, out: TokenBuffer): void {
    const run = this.#normalize(text, from, to);
    this.#splitRun(run, 0, run.length, out);
  }

  #splitPlain(start: number, length: number, hash: number, out: TokenBuffer): void {
    const cache = this.#cache;
    let known = cache.find(this.#word, length, hash);
    if (known === -1) {
      let count = this.wordPiece.split(this.#word, 0, length, this.#pieceIds, this.#pieceEnds);
      if (count === -1) {
        this.#pieceIds[0] = this.wordPiece.unknownId;
        this.#pieceEnds[0] = length;
        count = 1;
      }
      cache.add(this.#word, length, hash, this.#pieceIds, this.#pieceEnds, count);
      known = cache.find(this.#word, length, hash);
    }
    const last = cache.endOfPieces(known);
    let begin = start;
    for (let piece = cache.firstPiece(known); piece < last; piece++) {
      const end = start + cache.ends[piece]!;
      out.push(cache.ids[piece]!, begin, end);
      begin = end;
    }
  }

  /** Where the run of characters that may belong to one word ends. */
  #endOfRun(text: string, from: number, to: number): number {
    let i = from;
    for (; i < to; i++) {
      if (this.#table.classify(text.charCodeAt(i)) <= space) return i;
    }
    return i;
  }
}
