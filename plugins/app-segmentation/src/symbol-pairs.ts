/** Odd multipliers that spread neighbouring symbols over the table. */
const LEFT_MULTIPLIER = 0x9e3779b1;
const RIGHT_MULTIPLIER = 0x85ebca6b;
const NONE = -1;

/**
 * Numbers by pairs of symbols: open addressing in flat arrays. A `Map` would want one key of both, which is too large for a
 * small integer and so an object for every question.
 */
export class SymbolPairs {
  private readonly lefts: Int32Array;
  private readonly rights: Int32Array;
  private readonly values: Int32Array;
  private readonly shift: number;

  /** @param pairs of symbols from 0; each stands for its index plus `first`, of equal ones the last. */
  constructor(pairs: readonly (readonly [number, number])[], first: number) {
    // At most half full, so that a search ends soon.
    const bits = Math.max(4, Math.ceil(Math.log2(2 * pairs.length + 1)));
    this.shift = 32 - bits;
    this.lefts = new Int32Array(2 ** bits).fill(NONE);
    this.rights = new Int32Array(2 ** bits);
    this.values = new Int32Array(2 ** bits);
    for (const [i, [left, right]] of pairs.entries()) {
      const slot = this.slotOf(left, right);
      this.lefts[slot] = left;
      this.rights[slot] = right;
      this.values[slot] = first + i;
    }
  }

  /** What the pair stands for, else `otherwise`. */
  get(left: number, right: number, otherwise: number): number {
    const slot = this.slotOf(left, right);
    return this.lefts[slot] === NONE ? otherwise : this.values[slot]!;
  }

  /** Where the pair is, or would be. */
  private slotOf(left: number, right: number): number {
    const { lefts, rights, shift } = this;
    const last = lefts.length - 1;
    let slot = (Math.imul(left, LEFT_MULTIPLIER) + Math.imul(right, RIGHT_MULTIPLIER)) >>> shift;
    while (lefts[slot] !== NONE && (lefts[slot] !== left || rights[slot] !== right)) slot = (slot + 1) & last;
    return slot;
  }
}
