/** Small, for most lexicons of a single request have a handful of entries; a large one doubles its way up in no time. */
const initialSlots = 1 << 6;

/** A trie as plain data that can move between threads. */
export interface TrieParts {
  readonly slots: Int32Array<ArrayBuffer>;
  readonly values: Int32Array<ArrayBuffer>;
  readonly nodes: number;
}

/**
 * A trie over code points whose edges live in one open-addressing hash table of integers: a step is one probe on
 * average, whatever the fan-out (the root of a Chinese lexicon has thousands of children), and building needs no sort.
 * Nodes are numbered in order of creation; node 0 is the root.
 */
export class Trie {
  /** Triples `[parent + 1, code point, child]`; a first element of 0 marks a free slot. */
  #slots = new Int32Array(initialSlots * 3);
  #mask = initialSlots - 1;
  #nodes = 1;
  #values = new Int32Array(initialSlots).fill(-1);

  /** The trie behind `parts`, which belong to it from now on. */
  static fromParts({ slots, values, nodes }: TrieParts): Trie {
    const trie = new Trie();
    trie.#slots = slots;
    trie.#values = values;
    trie.#mask = slots.length / 3 - 1;
    trie.#nodes = nodes;
    return trie;
  }

  /** Its own arrays, not copies: moving them to another thread empties this trie. */
  toParts(): TrieParts {
    return { slots: this.#slots, values: this.#values, nodes: this.#nodes };
  }

  /** Number of nodes, the root included. */
  get size(): number {
    return this.#nodes;
  }

  /** The child of `node` along `codePoint`, or -1. */
  step(node: number, codePoint: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = mix(node, codePoint) & mask;
    for (;;) {
      const at = slot * 3;
      const owner = slots[at]!;
      if (owner === 0) return -1;
      if (owner === node + 1 && slots[at + 1] === codePoint) return slots[at + 2]!;
      slot = (slot + 1) & mask;
    }
  }

  /** What was stored at `node`, or -1. */
  value(node: number): number {
    return this.#values[node]!;
  }

  setValue(node: number, value: number): void {
    this.#values[node] = value;
  }

  /** The child of `node` along `codePoint`, created when missing. */
  extend(node: number, codePoint: number): number {
    const found = this.step(node, codePoint);
    if (found !== -1) return found;
    // At most half full, so that probe runs stay short.
    if (this.#nodes * 2 > this.#mask) this.#grow();
    const child = this.#nodes++;
    insert(this.#slots, this.#mask, node, codePoint, child);
    return child;
  }

  /** The node at the end of `text`, created when missing. */
  insert(text: string): number {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const codePoint = text.codePointAt(i)!;
      if (codePoint > 0xffff) i++;
      node = this.extend(node, codePoint);
    }
    return node;
  }

  /** The node at the end of `text`, or -1. */
  find(text: string): number {
    let node = 0;
    for (let i = 0; i < text.length && node !== -1; i++) {
      const codePoint = text.codePointAt(i)!;
      if (codePoint > 0xffff) i++;
      node = this.step(node, codePoint);
    }
    return node;
  }

  /** Parent of every node and the code point that leads to it; a parent always has a smaller number than its child. */
  edges(): { readonly parents: Int32Array; readonly labels: Int32Array } {
    const parents = new Int32Array(this.#nodes).fill(-1);
    const labels = new Int32Array(this.#nodes);
    for (let at = 0; at < this.#slots.length; at += 3) {
      const owner = this.#slots[at]!;
      if (owner === 0) continue;
      const child = this.#slots[at + 2]!;
      parents[child] = owner - 1;
      labels[child] = this.#slots[at + 1]!;
    }
    return { parents, labels };
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const slots = new Int32Array(capacity * 3);
    const old = this.#slots;
    for (let at = 0; at < old.length; at += 3) {
      if (old[at] !== 0) insert(slots, capacity - 1, old[at]! - 1, old[at + 1]!, old[at + 2]!);
    }
    const values = new Int32Array(capacity).fill(-1);
    values.set(this.#values);
    this.#slots = slots;
    this.#mask = capacity - 1;
    this.#values = values;
  }
}

function insert(slots: Int32Array, mask: number, node: number, codePoint: number, child: number): void {
  let slot = mix(node, codePoint) & mask;
  while (slots[slot * 3] !== 0) slot = (slot + 1) & mask;
  slots[slot * 3] = node + 1;
  slots[slot * 3 + 1] = codePoint;
  slots[slot * 3 + 2] = child;
}

/** Murmur-style mixing: children of one node, and one character under many nodes, must both spread. */
function mix(node: number, codePoint: number): number {
  let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(codePoint, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
