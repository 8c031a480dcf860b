/** Pairs of token ids with the rank of their merge, in one open-addressing table of integers. */
export class MergeTable {
  /** Triples `[left + 1, right, rank]`; a first element of 0 marks a free slot. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** @param capacity The most pairs that will be there. */
  constructor(capacity: number) {
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.#slots = new Int32Array(3 * slots);
    this.#mask = slots - 1;
  }

  /** A pair that is there already gets the new rank. */
  set(left: number, right: number, rank: number): void {
    const slots = this.#slots;
    let slot = hash(left, right) & this.#mask;
    while (slots[3 * slot] !== 0 && !(slots[3 * slot] === left + 1 && slots[3 * slot + 1] === right)) {
      slot = (slot + 1) & this.#mask;
    }
    slots[3 * slot] = left + 1;
    slots[3 * slot + 1] = right;
    slots[3 * slot + 2] = rank;
  }

  /** The rank of a pair, or -1. */
  get(left: number, right: number): number {
    const slots = this.#slots;
    let slot = hash(left, right) & this.#mask;
    for (;;) {
      const owner = slots[3 * slot]!;
      if (owner === 0) return -1;
      if (owner === left + 1 && slots[3 * slot + 1] === right) return slots[3 * slot + 2]!;
      slot = (slot + 1) & this.#mask;
    }
  }
}

function hash(left: number, right: number): number {
  let value = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
