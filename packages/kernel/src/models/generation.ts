import { AbortError } from '@zooid/common';
import { type Model, ModelUnloadedError } from '@zooid/spec';
import { Drain } from '../drain.js';

/**
 * Called when the held model is about to be replaced. Prepares for `next` without touching what serves now; once
 * every holder is prepared, all are committed together, and if one fails all are discarded.
 */
export type PrepareReplacement = (next: ModelHold) => Promise<Replacement>;

export interface Replacement {
  commit(): void;
  discard(): Promise<void>;
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
  readonly holders = new Map<symbol, { readonly user: string; readonly prepare: PrepareReplacement }>();
  readonly #drain: Drain;

  constructor(loaded: Model, onReleased: () => void) {
    this.#drain = new Drain(async () => {
      await loaded[Symbol.asyncDispose]();
      onReleased();
    });
    const drain = this.#drain;
    this.model = {
      artifacts: loaded.artifacts,
      ...(loaded.inputs !== undefined && { inputs: loaded.inputs }),
      ...(loaded.outputs !== undefined && { outputs: loaded.outputs }),
      ...(loaded.concurrency !== undefined && { concurrency: loaded.concurrency }),
      ...(loaded.memoryBytes !== undefined && { memoryBytes: loaded.memoryBytes }),
      async forward(inputs, context) {
        AbortError.throwIfAborted(context?.signal);
        if (drain.isReleased) throw new ModelUnloadedError(loaded.artifacts.id);
        const leave = drain.enter();
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

  get isRetired(): boolean {
    return this.#drain.isRetired;
  }

  /** Calls and holds now. */
  get uses(): number {
    return this.#drain.uses;
  }

  hold(user: string, prepare: PrepareReplacement): ModelHold {
    if (this.#drain.isReleased) throw new ModelUnloadedError(this.model.artifacts.id);
    const key = Symbol(user);
    const leave = this.#drain.enter();
    this.holders.set(key, { user, prepare });
    return {
      model: this.model,
      release: () => {
        this.holders.delete(key);
        leave();
      },
    };
  }

  retire(): Promise<void> {
    return this.#drain.retire();
  }
}
