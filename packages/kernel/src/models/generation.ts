import { AbortError } from '@zooid/common';
import { type Model, ModelUnloadedError } from '@zooid/spec';
import { Drain } from '../drain.js';
import type { Companions } from './companions.js';

/**
 * Called when the held model is about to be replaced. Prepares for `next` without touching what serves now; once
 * every holder is prepared, all are committed together, and if one fails all are discarded.
 */
export type PrepareReplacement = (next: ModelHold) => Promise<Replacement>;

export interface Replacement {
  commit(): void;
  discard(): Promise<void>;
}

/** Who keeps a model loaded. */
export interface Holder {
  /** For messages: `endpoint 'intent'`. */
  readonly user: string;
  readonly prepare: PrepareReplacement;
  /** Absent: it never lets go to make room for others. */
  readonly eviction?: {
    /** Whether nothing of its is lost or delayed now. */
    isPossible(): boolean;
    /** Lets go at once; settles when the hold is released. */
    evict(): Promise<void>;
  };
}

/** Keeps one generation of a model loaded until `release`, whatever is reloaded meanwhile. */
export interface ModelHold {
  readonly model: Model;
  release(): void;
}

/** One loaded copy of a model's content. It is released after `retire`, when no call and no hold is left. */
export class Generation {
  /** What callers get: the model with its calls counted. */
  readonly model: Model;
  readonly holders = new Map<symbol, Holder>();
  readonly #ownBytes: number;
  readonly #companions: Companions;
  readonly #drain: Drain;
  #lastUsed = performance.now();

  /** @param bytes Memory that the loaded model is taken to need, without its companions. */
  constructor(loaded: Model, companions: Companions, bytes: number, onReleased: () => void) {
    this.#ownBytes = bytes;
    this.#companions = companions;
    this.#drain = new Drain(async () => {
      await Promise.all([loaded[Symbol.asyncDispose](), companions[Symbol.asyncDispose]()]);
      onReleased();
    });
    this.model = {
      ...this.#counted(loaded),
      companion: async (name) => {
        const companion = await companions.get(name);
        return companion && this.#counted(companion);
      },
    };
  }

  /** Memory it is taken to need. */
  get bytes(): number {
    return this.#ownBytes + this.#companions.bytes;
  }

  get isRetired(): boolean {
    return this.#drain.isRetired;
  }

  /** Calls and holds now. */
  get uses(): number {
    return this.#drain.uses;
  }

  /** Milliseconds of the process's clock. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  /** Whether it may go now to make room: no call is in flight, and all who hold it let go. */
  get isEvictable(): boolean {
    const holders = [...this.holders.values()];
    return this.#drain.uses === holders.length && holders.every(({ eviction }) => eviction?.isPossible() === true);
  }

  /** Has all who hold it let go, and releases it. Only when `isEvictable`. */
  async evict(): Promise<void> {
    const evictions = [...this.holders.values()].map(({ eviction }) => eviction?.evict());
    const retired = this.retire();
    await Promise.allSettled(evictions); // an app instance that fails to close is reported by its endpoint
    await retired;
  }

  hold(holder: Holder): ModelHold {
    if (this.#drain.isReleased) throw new ModelUnloadedError(this.model.artifacts.id);
    const key = Symbol(holder.user);
    const leave = this.#drain.enter();
    this.#lastUsed = performance.now();
    this.holders.set(key, holder);
    return {
      model: this.model,
      release: () => {
        this.holders.delete(key);
        leave();
      },
    };
  }

  /** A model whose calls count as uses of this generation. */
  #counted(loaded: Model): Model {
    const drain = this.#drain;
    const touch = () => {
      this.#lastUsed = performance.now();
    };
    return {
      artifacts: loaded.artifacts,
      ...(loaded.inputs !== undefined && { inputs: loaded.inputs }),
      ...(loaded.outputs !== undefined && { outputs: loaded.outputs }),
      ...(loaded.concurrency !== undefined && { concurrency: loaded.concurrency }),
      ...(loaded.memoryBytes !== undefined && { memoryBytes: loaded.memoryBytes }),
      ...(loaded.stats !== undefined && { stats: () => loaded.stats!() }),
      async forward(inputs, context) {
        AbortError.throwIfAborted(context?.signal);
        if (drain.isReleased) throw new ModelUnloadedError(loaded.artifacts.id);
        const leave = drain.enter();
        touch();
        try {
          return await loaded.forward(inputs, context);
        } finally {
          leave();
        }
      },
      // The pool shares this model between callers and owns its end, so a caller's `await using` must not end it.
      [Symbol.asyncDispose]: async () => {},
    };
  }

  retire(): Promise<void> {
    return this.#drain.retire();
  }
}
