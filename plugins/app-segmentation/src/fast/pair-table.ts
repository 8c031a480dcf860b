/** Knuth's multiplier: spreads neighbouring keys over the table. */
const MULTIPLIER = 0x9e3779b1;
const NONE = 0;

/** Numbers by pairs of numbers below 65536, at least one of them not 0: open addressing in two flat arrays. */
export class PairTable {
  private readonly keys: Int32Array;
  private readonly values: Int32Array;
  private readonly shift: number;

  /** @param pairs of which each stands for its index plus `first`. */
  constructor(pairs: readonly (readonly [number, number])[], first: number) {
    // At most half full, so that a search ends soon.
    const bits = Math.max(4, Math.ceil(Math.log2(2 * pairs.length + 1)));
    this.shift = 32 - bits;
    this.keys = new Int32Array(2 ** bits);
    this.values = new Int32Array(2 ** bits);
    for (const [i, [left, right]] of pairs.entries()) {
      const slot = this.slotOf((left << 16) | right);
      this.keys[slot] = (left << 16) | right;
      this.values[slot] = first + i;
    }
  }

  /** What the pair stands for, else `otherwise`. */
  get(left: number, right: number, otherwise: number): number {
    const slot = this.slotOf((left << 16) | right);
    return this.keys[slot] === NONE ? otherwise : this.values[slot]!;
  }

  /** Where the key is, or would be. */
  private slotOf(key: number): number {
    const { keys, shift } = this;
    const last = keys.length - 1;
    let slot = Math.imul(key, MULTIPLIER) >>> shift;
    while (keys[slot] !== NONE && keys[slot] !== key) slot = (slot + 1) & last;
    return slot;
  }
}
