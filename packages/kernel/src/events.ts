import type { BatchObservation } from '@zooid/batcher';

/** What happens in a kernel that an operator may want to log, count or show; `type` discriminates. */
export type KernelEvent =
  | { readonly type: 'plugin-loaded'; readonly plugin: string }
  | { readonly type: 'model-loaded'; readonly model: string; readonly revision: string; readonly milliseconds: number }
  | { readonly type: 'model-load-failed'; readonly model: string; readonly error: unknown }
  | { readonly type: 'model-replaced'; readonly model: string; readonly from: string; readonly to: string }
  | { readonly type: 'model-released'; readonly model: string; readonly revision: string }
  /** Unloaded to make room for another. Sizes are in bytes. */
  | {
      readonly type: 'model-evicted';
      readonly model: string;
      readonly bytes: number;
      readonly idleMs: number;
      readonly for: string;
    }
  /** A load was refused: the memory budget is used up by models that are in use. */
  | {
      readonly type: 'memory-exhausted';
      readonly model: string;
      readonly needed: number;
      readonly used: number;
      readonly budget: number;
      readonly evictable: number;
    }
  | { readonly type: 'endpoint-opened'; readonly endpoint: string; readonly app: string; readonly model: string }
  | { readonly type: 'endpoint-closed'; readonly endpoint: string }
  | { readonly type: 'endpoint-unloaded'; readonly endpoint: string }
  | ({ readonly type: 'batch-dispatched'; readonly endpoint: string } & BatchObservation)
  | {
      readonly type: 'app-notice';
      readonly endpoint: string;
      readonly level: 'info' | 'warn';
      readonly message: string;
    }
  | { readonly type: 'dataset-download'; readonly dataset: string; readonly url: string }
  | { readonly type: 'release-failed'; readonly what: string; readonly error: unknown };

/** One kind of event, with its fields. */
export type KernelEventOf<Type extends KernelEvent['type']> = Extract<KernelEvent, { type: Type }>;

/** Hands each event to every listener, in the order they subscribed. */
export class EventHub {
  readonly #listeners = new Set<(event: KernelEvent) => void>();
  readonly #onListenerError: (error: unknown) => void;

  /** @param onListenerError Hears of a listener that threw; the other listeners and the kernel carry on. */
  constructor(onListenerError: (error: unknown) => void = () => {}) {
    this.#onListenerError = onListenerError;
  }

  /** Subscribes to everything; the returned function ends it. */
  subscribe(listener: (event: KernelEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Subscribes to one kind of event; the returned function ends it. */
  on<Type extends KernelEvent['type']>(type: Type, listener: (event: KernelEventOf<Type>) => void): () => void {
    return this.subscribe((event) => {
      if (event.type === type) listener(event as KernelEventOf<Type>);
    });
  }

  emit(event: KernelEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
