/**
 * A section of a text on its way through normalisers, with the way back: every UTF-16 unit knows the stretch of the
 * whole text that it came from.
 */
export class AlignedText {
  /**
   * @param base Where the section starts in the whole text.
   * @param starts For every unit, where in the whole text the character starts that it came from; absent when the
   * section stands as it stood, from `base` on.
   * @param ends Likewise, where it ends.
   */
  constructor(
    readonly text: string,
    readonly base: number,
    readonly starts?: Int32Array,
    readonly ends?: Int32Array,
  ) {}

  originalStart(index: number): number {
    return this.starts === undefined ? this.base + index : this.starts[index]!;
  }

  /** Where the original of what ends before `end` (at least 1) ends. */
  originalEnd(end: number): number {
    return this.ends === undefined ? this.base + end : this.ends[end - 1]!;
  }

  /** Another text whose units stand for the same places, one by one. */
  withText(text: string): AlignedText {
    return text === this.text ? this : new AlignedText(text, this.base, this.starts, this.ends);
  }

  slice(from: number, to: number): AlignedText {
    if (this.starts === undefined) return new AlignedText(this.text.slice(from, to), this.base + from);
    return new AlignedText(
      this.text.slice(from, to),
      this.base,
      this.starts.subarray(from, to),
      this.ends!.subarray(from, to),
    );
  }
}

/** Copies an aligned text with replacements, from left to right. */
export class AlignedBuilder {
  #parts = '';
  /** How much of the source is in the output. */
  #done = 0;
  #length = 0;
  #starts: Int32Array | undefined;
  #ends: Int32Array | undefined;

  constructor(readonly source: AlignedText) {}

  /**
   * Puts `replacement` where `source[from, to)` was; it stands for the whole of that stretch. Where nothing was
   * (`from === to`) it stands for the character that follows, or else for the one before.
   */
  replace(from: number, to: number, replacement: string): void {
    const { source } = this;
    if (replacement.length === to - from && source.text.startsWith(replacement, from)) return;
    this.#copy(from);
    if (!(replacement.length === 1 && to - from === 1)) this.#startAlignment();
    if (this.#starts !== undefined) {
      this.#reserve(replacement.length);
      const [start, end] = this.#place(from, to);
      this.#starts.fill(start, this.#length, this.#length + replacement.length);
      this.#ends!.fill(end, this.#length, this.#length + replacement.length);
    }
    this.#parts += replacement;
    this.#length += replacement.length;
    this.#done = to;
  }

  finish(): AlignedText {
    const { source } = this;
    if (this.#length === 0 && this.#done === 0) return source;
    this.#copy(source.text.length);
    if (this.#starts === undefined) return source.withText(this.#parts);
    const length = this.#length;
    return new AlignedText(this.#parts, source.base, this.#starts.subarray(0, length), this.#ends!.subarray(0, length));
  }

  #place(from: number, to: number): [number, number] {
    const { source } = this;
    const { length } = source.text;
    if (from < to) return [source.originalStart(from), source.originalEnd(to)];
    if (from < length) {
      const end = from + (source.text.codePointAt(from)! > 0xffff ? 2 : 1);
      return [source.originalStart(from), source.originalEnd(end)];
    }
    return length === 0 ? [source.base, source.base] : [source.originalEnd(length), source.originalEnd(length)];
  }

  #copy(to: number): void {
    const from = this.#done;
    if (from === to) return;
    if (this.#starts !== undefined) {
      this.#reserve(to - from);
      this.#align(from, to, this.#length);
    }
    this.#parts += this.source.text.slice(from, to);
    this.#length += to - from;
    this.#done = to;
  }

  #startAlignment(): void {
    if (this.#starts !== undefined) return;
    this.#starts = new Int32Array(this.source.text.length + 16);
    this.#ends = new Int32Array(this.source.text.length + 16);
    // So far every unit stands in its old place.
    this.#align(0, this.#length, 0);
  }

  /** Every unit of `source[from, to)` to its own original, both halves of a pair to the pair. */
  #align(from: number, to: number, at: number): void {
    const { source } = this;
    if (source.starts !== undefined) {
      this.#starts!.set(source.starts.subarray(from, to), at);
      this.#ends!.set(source.ends!.subarray(from, to), at);
      return;
    }
    for (let i = from; i < to; i++, at++) {
      const unit = source.text.charCodeAt(i);
      this.#starts![at] = source.base + ((unit & 0xfc00) === 0xdc00 && i > 0 ? i - 1 : i);
      this.#ends![at] = source.base + ((unit & 0xfc00) === 0xd800 ? i + 2 : i + 1);
    }
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#starts!.length) return;
    const capacity = Math.max(needed, this.#starts!.length * 2);
    const grow = (old: Int32Array) => {
      const array = new Int32Array(capacity);
      array.set(old);
      return array;
    };
    this.#starts = grow(this.#starts!);
    this.#ends = grow(this.#ends!);
  }
}
