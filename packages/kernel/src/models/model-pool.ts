import { ZooidError } from '@zooid/common';
import {
  ClosedError,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  ModelInUseError,
  ModelNotFoundError,
  type ModelStore,
  type ModelSummary,
  type Models,
  type RunContext,
} from '@zooid/spec';
import { abortable } from '../drain.js';
import type { EventHub } from '../events.js';
import { Generation, type ModelHold, type PrepareReplacement, type Replacement } from './generation.js';

/** Asked at the time of use, because plugins that hold the pool start before the stores and backends do. */
export interface ModelSources {
  stores(): readonly ModelStore[];
  backends(): readonly ModelBackend[];
}

/** A model that is loaded now. */
export interface LoadedModel {
  readonly id: string;
  readonly revision: string;
  /** Calls in flight and endpoints that hold it. */
  readonly uses: number;
}

/** A place for one model id: what serves now, and the load or reload that is under way. */
interface Slot {
  current: Generation | undefined;
  /** Loads, reloads and unloads of one id take turns. */
  turn: Promise<unknown>;
}

/**
 * The shared `Models` service. It lives outside the container because an inversify singleton that failed once stays
 * failed, while a model that failed to load must be tried again.
 */
export class ModelPool implements Models, AsyncDisposable {
  readonly #sources: ModelSources;
  readonly #events: EventHub;
  readonly #slots = new Map<string, Slot>();
  /** References that were resolved before, to the id of what they found. */
  readonly #ids = new Map<string, string>();
  readonly #loading = new Map<string, Promise<Generation>>();
  readonly #retiring = new Set<Promise<void>>();
  #disposal: Promise<void> | undefined;

  constructor(sources: ModelSources, events: EventHub) {
    this.#sources = sources;
    this.#events = events;
  }

  async resolve(reference: string, context?: RunContext): Promise<ModelArtifacts> {
    const stores = this.#stores();
    for (const store of stores) {
      const found = await store.find(reference, context);
      if (found !== undefined) return found;
    }
    throw new ModelNotFoundError(
      reference,
      stores.map(({ name }) => name),
    );
  }

  async get(reference: string, context?: RunContext): Promise<Model> {
    return (await this.#generation(reference, context)).model;
  }

  /** Loads on first use and keeps that content until the hold is released; `prepare` hears of replacements. */
  async hold(reference: string, user: string, prepare: PrepareReplacement, context?: RunContext): Promise<ModelHold> {
    for (;;) {
      const generation = await this.#generation(reference, context);
      // Between the load and this line a reload may have retired it.
      if (!generation.isRetired) return generation.hold(user, prepare);
    }
  }

  async reload(reference: string): Promise<Model> {
    this.#refuseWhenClosed();
    const artifacts = await this.resolve(reference);
    this.#ids.set(reference, artifacts.id);
    const slot = this.#slot(artifacts.id);
    return this.#inTurn(slot, async () => {
      const old = slot.current;
      if (old !== undefined && old.model.artifacts.revision === artifacts.revision) return old.model;
      const next = await this.#load(artifacts);
      if (old !== undefined) await this.#prepareHolders(old, next);
      slot.current = next;
      if (old !== undefined) {
        const [from, to] = [old.model.artifacts.revision, artifacts.revision];
        this.#events.emit({ type: 'model-replaced', model: artifacts.id, from, to });
        void this.#retire(old).catch(() => {}); // reported as an event; the new model serves already
      }
      return next.model;
    });
  }

  async unload(reference: string): Promise<void> {
    const slot = this.#slots.get(this.#ids.get(reference) ?? reference);
    if (slot === undefined) return;
    await this.#inTurn(slot, async () => {
      const generation = slot.current;
      if (generation === undefined) return;
      const users = [...generation.holders.values()].map(({ user }) => user);
      if (users.length > 0) throw new ModelInUseError(generation.model.artifacts.id, users);
      slot.current = undefined;
      await this.#retire(generation);
    });
  }

  /** Of two stores with the same id the first is listed, as it is the one that `resolve` finds. */
  async *list(): AsyncIterable<ModelSummary> {
    const seen = new Set<string>();
    for (const store of this.#stores()) {
      for await (const summary of store.list()) {
        if (seen.has(summary.id)) continue;
        seen.add(summary.id);
        yield summary;
      }
    }
  }

  /** What is in memory now. */
  loaded(): readonly LoadedModel[] {
    return [...this.#slots.values()].flatMap(({ current }) =>
      current === undefined
        ? []
        : [{ id: current.model.artifacts.id, revision: current.model.artifacts.revision, uses: current.uses }],
    );
  }

  /** Refuses new loads, waits for calls in flight, releases everything. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled([...this.#loading.values()]);
    await Promise.allSettled([...this.#slots.values()].map(({ turn }) => turn));
    for (const slot of this.#slots.values()) {
      if (slot.current !== undefined) void this.#retire(slot.current).catch(() => {});
      slot.current = undefined;
    }
    const results = await Promise.allSettled([...this.#retiring]);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} models failed to release`);
  }

  async #generation(reference: string, context: RunContext | undefined): Promise<Generation> {
    this.#refuseWhenClosed();
    const known = this.#slots.get(this.#ids.get(reference) ?? '')?.current;
    if (known !== undefined) return known;
    let loading = this.#loading.get(reference);
    if (loading === undefined) {
      // Shared by all who ask meanwhile, so no single caller's signal may end it.
      loading = this.#loadFirst(reference).finally(() => this.#loading.delete(reference));
      this.#loading.set(reference, loading);
    }
    return abortable(loading, context?.signal);
  }

  async #loadFirst(reference: string): Promise<Generation> {
    const artifacts = await this.resolve(reference);
    this.#ids.set(reference, artifacts.id);
    const slot = this.#slot(artifacts.id);
    return this.#inTurn(slot, async () => {
      slot.current ??= await this.#load(artifacts);
      return slot.current;
    });
  }

  async #load(artifacts: ModelArtifacts): Promise<Generation> {
    const { id, revision } = artifacts;
    const started = performance.now();
    try {
      const backends = this.#sources.backends();
      const backend = backends.find((candidate) => candidate.supports(artifacts));
      if (backend === undefined) {
        const asked = backends.map(({ name }) => name).join(', ') || 'none is loaded';
        throw new ModelError(id, `no backend can serve model '${id}' in ${artifacts.folder} (asked: ${asked})`);
      }
      const model = await backend.load(artifacts);
      if (this.#disposal !== undefined) {
        await model[Symbol.asyncDispose]();
        throw new ClosedError('the model pool');
      }
      this.#events.emit({ type: 'model-loaded', model: id, revision, milliseconds: performance.now() - started });
      return new Generation(model, () => this.#events.emit({ type: 'model-released', model: id, revision }));
    } catch (cause) {
      this.#events.emit({ type: 'model-load-failed', model: id, error: cause });
      if (ZooidError.is(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ModelError(id, `model '${id}' failed to load from ${artifacts.folder}: ${reason}`, { cause });
    }
  }

  /** All holders move to `next`, or none: then `next` is released and the old keeps serving. */
  async #prepareHolders(old: Generation, next: Generation): Promise<void> {
    const prepared: Replacement[] = [];
    try {
      for (const { user, prepare } of [...old.holders.values()]) {
        prepared.push(await prepare(next.hold(user, prepare)));
      }
    } catch (error) {
      await Promise.allSettled(prepared.map((replacement) => replacement.discard()));
      await this.#retire(next).catch(() => {});
      throw error;
    }
    for (const replacement of prepared) replacement.commit();
  }

  #retire(generation: Generation): Promise<void> {
    const { id } = generation.model.artifacts;
    const done = generation.retire().catch((error) => {
      this.#events.emit({ type: 'release-failed', what: `model '${id}'`, error });
      throw error;
    });
    this.#retiring.add(done);
    const forget = () => void this.#retiring.delete(done);
    done.then(forget, forget);
    return done;
  }

  /** What is here comes before what may have to be fetched. */
  #stores(): readonly ModelStore[] {
    return this.#sources.stores().toSorted((a, b) => Number(a.remote ?? false) - Number(b.remote ?? false));
  }

  #slot(id: string): Slot {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      slot = { current: undefined, turn: Promise.resolve() };
      this.#slots.set(id, slot);
    }
    return slot;
  }

  #inTurn<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const result = slot.turn.then(work);
    slot.turn = result.catch(() => {}); // the next in turn starts whatever became of this one
    return result;
  }

  #refuseWhenClosed(): void {
    if (this.#disposal !== undefined) throw new ClosedError('the model pool');
  }
}
