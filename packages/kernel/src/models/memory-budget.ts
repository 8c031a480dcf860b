import type { EventHub } from '../events.js';
import { MemoryBudgetError } from './errors.js';

/** A loaded model, as the budget sees it. */
export interface Resident {
  readonly model: string;
  readonly bytes: number;
  /** Milliseconds of the process's clock. */
  readonly lastUsed: number;
  /** Whether it may go now. */
  readonly isEvictable: boolean;
  /** Takes it away at once; settles when its memory is free. */
  evict(): Promise<void>;
}

/** Room that was made for a model, until it is one of the residents or its load has failed. */
export interface Reservation {
  /** The model turned out larger or smaller. @throws MemoryBudgetError when there is no room for that. */
  resize(bytes: number): Promise<void>;
  release(): void;
}

/**
 * Keeps loaded models within a number of bytes: what is loaded next may push out those that nobody has used for the
 * longest time. Without a limit there is always room.
 */
export class MemoryBudget {
  readonly #limit: number;
  readonly #residents: () => readonly Resident[];
  readonly #events: EventHub;
  readonly #reserved = new Set<{ bytes: number }>();
  /** Room is made for one at a time, or two would count on the same bytes. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(limit: number | undefined, residents: () => readonly Resident[], events: EventHub) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#residents = residents;
    this.#events = events;
  }

  /** @throws MemoryBudgetError when not enough of what is loaded is idle; nothing is unloaded then. */
  async reserve(model: string, bytes: number): Promise<Reservation> {
    const reserved = { bytes: 0 };
    const resize = (wanted: number) =>
      this.#inTurn(async () => {
        await this.#makeRoom(model, wanted, reserved);
        reserved.bytes = wanted;
      });
    this.#reserved.add(reserved);
    const release = () => void this.#reserved.delete(reserved);
    try {
      await resize(bytes);
    } catch (error) {
      release();
      throw error;
    }
    return { resize, release };
  }

  async #makeRoom(model: string, needed: number, own: { readonly bytes: number }): Promise<void> {
    const residents = this.#residents();
    const sum = (parts: Iterable<{ readonly bytes: number }>) =>
      [...parts].reduce((total, { bytes }) => total + bytes, 0);
    const used = sum(residents) + sum(this.#reserved) - own.bytes;
    let excess = used + needed - this.#limit;
    if (excess <= 0) return;
    const idle = residents.filter(({ isEvictable }) => isEvictable).sort((a, b) => a.lastUsed - b.lastUsed);
    const evictable = sum(idle);
    if (evictable < excess) {
      const shortage = { needed, used, budget: this.#limit, evictable };
      this.#events.emit({ type: 'memory-exhausted', model, ...shortage });
      throw new MemoryBudgetError(model, shortage);
    }
    const leaving: Promise<void>[] = [];
    for (const resident of idle) {
      if (excess <= 0) break;
      if (resident.bytes === 0) continue;
      excess -= resident.bytes;
      const idleMs = performance.now() - resident.lastUsed;
      leaving.push(resident.evict().catch(() => {})); // reported by whoever releases it
      this.#events.emit({ type: 'model-evicted', model: resident.model, bytes: resident.bytes, idleMs, for: model });
    }
    await Promise.all(leaving);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {}); // the next in turn starts whatever became of this one
    return result;
  }
}
