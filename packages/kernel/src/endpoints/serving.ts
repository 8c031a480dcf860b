import { type App, type AppInstance, ClosedError, type ModelArtifacts, type OpenContext } from '@zooid/spec';
import { abortable, Drain } from '../drain.js';
import type { Holder, ModelHold, Replacement } from '../models/generation.js';
import { EndpointUnloadedError } from './errors.js';

/** Gets the model for a holder, which hears of replacements and may be asked to let go. */
export type AcquireModel = (holder: Holder) => Promise<ModelHold>;

export interface ServingOptions {
  /** The endpoint, for messages. */
  readonly address: string;
  readonly app: App;
  readonly context: OpenContext;
  /** Absent when the model is handed over with `start` and never loaded again. */
  readonly acquire?: AcquireModel;
  /** Loads when asked for, and may be unloaded to make room while nobody uses it. */
  readonly lazy?: boolean;
}

/** A use of what serves: it stays until `leave`, whatever is reloaded or unloaded meanwhile. */
export interface Lease {
  readonly instance: AppInstance;
  readonly artifacts: ModelArtifacts;
  leave(): void;
}

/** An app instance on one generation of a model, closed when the last run on it has ended. */
interface Opened {
  readonly instance: AppInstance;
  readonly hold: ModelHold;
  readonly drain: Drain;
}

/**
 * What answers for an endpoint: nothing, or an app instance on one generation of its model. Loading, replacing and
 * unloading happen beside requests, each of which finishes on what it started with.
 */
export class Serving {
  readonly #options: ServingOptions;
  readonly #holder: Holder;
  readonly #retiring = new Set<Promise<void>>();
  #opened: Opened | undefined;
  #loading: Promise<void> | undefined;
  /** Whether something should serve: false after `unload`, so that what is loaded meanwhile is let go again. */
  #wanted = true;
  #closed = false;
  /** Requests that wait for a load. */
  #waiting = 0;
  /** Replacements so far: whoever opened on older content finds out that it did. */
  #replacements = 0;
  #keep = false;

  constructor(options: ServingOptions) {
    this.#options = options;
    this.#holder = {
      user: `endpoint '${options.address}'`,
      prepare: (next) => this.#prepare(next),
      ...(options.lazy === true && {
        eviction: { isPossible: () => this.#isIdle(), evict: () => this.#letGo() },
      }),
    };
  }

  get opened(): { readonly instance: AppInstance; readonly artifacts: ModelArtifacts } | undefined {
    if (this.#opened === undefined) return undefined;
    return { instance: this.#opened.instance, artifacts: this.#opened.hold.model.artifacts };
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** From now on it is not unloaded to make room: it keeps state that its model folder does not. */
  keep(): void {
    this.#keep = true;
  }

  /**
   * Takes part in what serves. Synchronous while it is loaded; a lazy one is loaded first.
   *
   * @throws EndpointUnloadedError, or what the load throws.
   */
  enter(signal: AbortSignal | undefined): Lease | Promise<Lease> {
    return this.#opened === undefined ? this.#enterWhenLoaded(signal) : lease(this.#opened);
  }

  /** Opens the app on a held model and starts to serve. Releases the hold when that fails. */
  async start(hold: ModelHold): Promise<void> {
    this.#opened = await this.#open(hold);
  }

  /** Loads unless it is loaded; all who ask meanwhile share one load, which no single `signal` ends. */
  load(signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.reject(new ClosedError(`endpoint '${this.#options.address}'`));
    this.#wanted = true;
    if (this.#opened !== undefined) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return abortable(this.#loading, signal);
  }

  /** Stops to serve at once, waits for runs in flight and lets go of the model. A load under way is waited for. */
  async unload(): Promise<void> {
    this.#wanted = false;
    if (this.#loading !== undefined) {
      await this.#loading.catch(() => {});
      if (this.#wanted) return; // asked for again meanwhile
    }
    await this.#letGo();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#loading !== undefined) await this.#loading.catch(() => {});
    void this.#letGo().catch(() => {}); // it is among those that retire
    const results = await Promise.allSettled([...this.#retiring]);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, `endpoint '${this.#options.address}' failed to close`);
  }

  async #enterWhenLoaded(signal: AbortSignal | undefined): Promise<Lease> {
    const { address, lazy = false } = this.#options;
    this.#waiting++;
    try {
      for (;;) {
        if (!this.#closed && !lazy && this.#loading === undefined) throw new EndpointUnloadedError(address);
        await this.load(signal);
        // It may have been unloaded again before this line was reached.
        if (this.#opened !== undefined) return lease(this.#opened);
      }
    } finally {
      this.#waiting--;
    }
  }

  async #load(): Promise<void> {
    const { address, acquire } = this.#options;
    if (acquire === undefined) throw new EndpointUnloadedError(address);
    for (;;) {
      const replacements = this.#replacements;
      const opened = await this.#open(await acquire(this.#holder));
      if (this.#opened === undefined && this.#replacements === replacements && !this.#closed) {
        this.#opened = opened;
        return;
      }
      void this.#retire(opened).catch(() => {}); // reported as a notice
      if (this.#closed) throw new ClosedError(`endpoint '${address}'`);
      if (this.#opened !== undefined) return; // a reload came first, with newer content
    }
  }

  /** Opens the app on the next generation beside the one that serves. */
  async #prepare(next: ModelHold): Promise<Replacement> {
    const candidate = await this.#open(next);
    return {
      commit: () => {
        this.#replacements++;
        const isWanted = this.#wanted && !this.#closed;
        const old = isWanted ? this.#opened : candidate;
        if (isWanted) this.#opened = candidate;
        if (old !== undefined) void this.#retire(old).catch(() => {}); // reported as a notice
      },
      discard: () => candidate.drain.retire(),
    };
  }

  async #open(hold: ModelHold): Promise<Opened> {
    let instance: AppInstance;
    try {
      instance = await this.#options.app.open(hold.model, this.#options.context);
    } catch (error) {
      hold.release();
      throw error;
    }
    const drain = new Drain(async () => {
      try {
        await instance[Symbol.asyncDispose]();
      } finally {
        hold.release();
      }
    });
    return { instance, hold, drain };
  }

  #isIdle(): boolean {
    const isBusy = this.#waiting > 0 || this.#loading !== undefined || (this.#opened?.drain.uses ?? 0) > 0;
    return !isBusy && !this.#keep;
  }

  async #letGo(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#keep = false;
    if (opened !== undefined) await this.#retire(opened);
  }

  #retire(opened: Opened): Promise<void> {
    const done = opened.drain.retire();
    this.#retiring.add(done);
    const forget = () => void this.#retiring.delete(done);
    done.then(forget, (error) => {
      const message = `the old app instance failed to close: ${String(error)}`;
      this.#options.context.notify?.({ level: 'warn', message });
      // Kept in the set: close() reports it as well.
    });
    return done;
  }
}

function lease({ instance, hold, drain }: Opened): Lease {
  return { instance, artifacts: hold.model.artifacts, leave: drain.enter() };
}
