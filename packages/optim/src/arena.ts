import { type KernelChoice, KernelMemory, memoryCapacity } from './kernels/kernel-memory.js';
import { paddedCount } from './kernels/kernels.js';

/** A parameter to find room for. */
export interface ArenaEntry {
  readonly name: string;
  /** Elements. */
  readonly size: number;
  /** Frozen parameters have no gradient and no moments. */
  readonly trainable: boolean;
}

/** Where a parameter lives: byte offsets into one memory. */
export interface ArenaSlot {
  readonly memory: KernelMemory;
  readonly size: number;
  readonly p: number;
  /** Gradient and moments; `undefined` when frozen. */
  readonly state: { readonly g: number; readonly m: number; readonly v: number } | undefined;
}

/**
 * Splits entries over memories of at most `capacity` elements, in order; all arrays of one entry share a memory.
 *
 * @returns the names and the number of elements of each memory.
 * @throws RangeError when one entry alone does not fit.
 */
export function planArena(
  entries: readonly ArenaEntry[],
  capacity: number = memoryCapacity,
): readonly { readonly names: readonly string[]; readonly elements: number }[] {
  const shards: { names: string[]; elements: number }[] = [];
  for (const { name, size, trainable } of entries) {
    const elements = paddedCount(size) * (trainable ? 4 : 1);
    if (elements > capacity) {
      throw new RangeError(
        `Parameter '${name}' needs ${elements} elements with its optimizer state, a memory holds ${capacity}; split it or freeze it`,
      );
    }
    let shard = shards.at(-1);
    if (shard === undefined || shard.elements + elements > capacity) {
      shard = { names: [], elements: 0 };
      shards.push(shard);
    }
    shard.names.push(name);
    shard.elements += elements;
  }
  return shards;
}

/** Allocates every parameter with its gradient and moments, once and for all; all zero. */
export function allocateArena(
  entries: readonly ArenaEntry[],
  options: { readonly kernels?: KernelChoice; readonly capacity?: number } = {},
): ReadonlyMap<string, ArenaSlot> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const slots = new Map<string, ArenaSlot>();
  for (const { names, elements } of planArena(entries, options.capacity)) {
    const memory = new KernelMemory(elements, options.kernels);
    for (const name of names) {
      const { size, trainable } = byName.get(name)!;
      const p = memory.allocate(size);
      const state = trainable
        ? { g: memory.allocate(size), m: memory.allocate(size), v: memory.allocate(size) }
        : undefined;
      slots.set(name, { memory, size, p, state });
    }
  }
  return slots;
}
