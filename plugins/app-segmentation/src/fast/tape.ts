import type { Units } from '@zooid/tokenizers';
import type { FastVocabulary } from './fast-vocabulary.js';

/** Whether the half of a number that counts less comes first in memory, as on all but a few machines. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const LOW_HALF = isLittleEndian ? 0 : 1;

/** What the network reads of some units: rows of its two tables. */
export interface TapeRow {
  readonly characters: BigInt64Array;
  readonly pairs: BigInt64Array;
}

/**
 * The rows of many stretches of text one behind the other, with padding between them. Numbers are written as the network takes
 * them, 64 bits each, by their lower halves: a tenth of the cost of making a BigInt of every one.
 */
export class Tape {
  private readonly characters: BigInt64Array<ArrayBuffer>;
  private readonly pairs: BigInt64Array<ArrayBuffer>;
  private readonly halves: { readonly characters: Int32Array; readonly pairs: Int32Array };
  private end = 0;

  /** @param capacity units that fit, padding included; padding is row 0, as the memory is from the start. */
  constructor(readonly capacity: number) {
    this.characters = new BigInt64Array(capacity);
    this.pairs = new BigInt64Array(capacity);
    this.halves = {
      characters: new Int32Array(this.characters.buffer),
      pairs: new Int32Array(this.pairs.buffer),
    };
  }

  /** Units written, padding included. */
  get length(): number {
    return this.end;
  }

  /** Where the next stretch begins with so much padding before it. */
  next(padding: number): number {
    return this.end === 0 ? 0 : this.end + padding;
  }

  /** Writes the rows of the units `[from, to)` at a place that `next` told. */
  write(
    vocabulary: FastVocabulary,
    units: Units,
    { from, to }: { readonly from: number; readonly to: number },
    at: number,
  ) {
    vocabulary.writeRows(units, { from, to }, { ...this.halves, at: 2 * at + LOW_HALF, stride: 2 });
    this.end = at + to - from;
  }

  /** Copies a row of another tape to a place that `next` told. */
  copy({ characters, pairs }: TapeRow, at: number): void {
    this.characters.set(characters, at);
    this.pairs.set(pairs, at);
    this.end = at + characters.length;
  }

  /** What was written in `[from, to)`, without a copy. */
  row(from: number, to: number): TapeRow {
    return { characters: this.characters.subarray(from, to), pairs: this.pairs.subarray(from, to) };
  }
}
