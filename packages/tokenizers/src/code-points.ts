import { ValidationError } from '@zooid/common';

const hasSurrogates = /[\ud800-\udfff]/;

/**
 * The code points of a text, addressed by index, and the way between them and UTF-16 units. Costs nothing beyond one
 * scan when the text has no character outside the Basic Multilingual Plane, and 4 bytes a code point otherwise.
 * A lone surrogate counts as one code point.
 */
export class CodePoints {
  /** Number of code points. */
  readonly length: number;
  /** UTF-16 index where each code point starts, then the length of the text; absent when that is the identity. */
  readonly #starts: Int32Array | undefined;

  constructor(readonly text: string) {
    if (!hasSurrogates.test(text)) {
      this.length = text.length;
      return;
    }
    const starts = new Int32Array(text.length + 1);
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      starts[count++] = i;
      if (text.codePointAt(i)! > 0xffff) i++;
    }
    starts[count] = text.length;
    this.length = count;
    if (count < text.length) this.#starts = starts.slice(0, count + 1);
  }

  /** UTF-16 index where code point `index` starts; `length` maps to the length of the text. */
  toUtf16(index: number): number {
    this.#check(index, this.length, 'code point');
    return this.#starts === undefined ? index : this.#starts[index]!;
  }

  /** Index of the code point that holds UTF-16 unit `index` (either half of a pair); the text's length maps to `length`. */
  fromUtf16(index: number): number {
    this.#check(index, this.text.length, 'UTF-16');
    const starts = this.#starts;
    if (starts === undefined) return index;
    // At most half of the units are second halves, so the answer lies in [index / 2, index].
    let low = index >> 1;
    let high = Math.min(index, this.length);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The code point at `index`. */
  at(index: number): number {
    this.#check(index, this.length - 1, 'code point');
    return this.text.codePointAt(this.toUtf16(index))!;
  }

  /** The text of code points `[start, end)`. */
  slice(start: number, end: number): string {
    return this.text.slice(this.toUtf16(start), this.toUtf16(end));
  }

  #check(index: number, last: number, unit: string): void {
    if (Number.isInteger(index) && index >= 0 && index <= last) return;
    throw new ValidationError(`${unit} index`, [
      { path: '', message: `expected an integer from 0 to ${last}, found ${index}` },
    ]);
  }
}
