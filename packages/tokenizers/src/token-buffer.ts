/** Tokens being produced: ids and `[start, end)` in UTF-16 units. Grows as needed and is used again for the next text. */
export class TokenBuffer {
  ids = new Int32Array(256);
  /** Two per token. */
  offsets = new Int32Array(512);
  length = 0;
  /** Producers may stop once this many tokens are there; they may also overshoot by the rest of a word. */
  limit = Number.POSITIVE_INFINITY;

  get isFull(): boolean {
    return this.length >= this.limit;
  }

  reset(limit: number): void {
    this.length = 0;
    this.limit = limit;
    // A very long text must not keep its memory for ever.
    if (this.ids.length > 1 << 20) {
      this.ids = new Int32Array(256);
      this.offsets = new Int32Array(512);
    }
  }

  push(id: number, start: number, end: number): void {
    const at = this.length;
    if (at === this.ids.length) this.#grow();
    this.ids[at] = id;
    this.offsets[2 * at] = start;
    this.offsets[2 * at + 1] = end;
    this.length = at + 1;
  }

  #grow(): void {
    const ids = new Int32Array(this.ids.length * 2);
    ids.set(this.ids);
    const offsets = new Int32Array(this.offsets.length * 2);
    offsets.set(this.offsets);
    this.ids = ids;
    this.offsets = offsets;
  }
}
