/** A max-heap of symbol pairs by count; of equal counts the smaller key comes first, so training is deterministic. */
export class PairQueue {
  readonly #counts: number[] = [];
  readonly #keys: number[] = [];

  push(key: number, count: number): void {
    let at = this.#counts.length;
    this.#counts.push(count);
    this.#keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes out the pair with the highest count. */
  pop(): { key: number; count: number } | undefined {
    if (this.#counts.length === 0) return undefined;
    this.#swap(0, this.#counts.length - 1);
    const count = this.#counts.pop()!;
    const key = this.#keys.pop()!;
    const size = this.#counts.length;
    for (let at = 0; ; ) {
      let first = at;
      const left = 2 * at + 1;
      if (left < size && this.#isBefore(left, first)) first = left;
      if (left + 1 < size && this.#isBefore(left + 1, first)) first = left + 1;
      if (first === at) break;
      this.#swap(at, first);
      at = first;
    }
    return { key, count };
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#counts[a]! - this.#counts[b]!;
    return difference > 0 || (difference === 0 && this.#keys[a]! < this.#keys[b]!);
  }

  #swap(a: number, b: number): void {
    const count = this.#counts[a]!;
    const key = this.#keys[a]!;
    this.#counts[a] = this.#counts[b]!;
    this.#keys[a] = this.#keys[b]!;
    this.#counts[b] = count;
    this.#keys[b] = key;
  }
}
