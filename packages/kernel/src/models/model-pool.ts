import { ZooidError } from '@zooid/common';
import {
  ClosedError,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  ModelInUseError,
  ModelNotFoundError,
  type ModelStats,
  type ModelStore,
  type ModelSummary,
  type Models,
  type RunContext,
} from '@zooid/spec';
import { abortable } from '../drain.js';
import type { EventHub } from '../events.js';
import { Companions } from './companions.js';
import { estimateMemory } from './estimate-memory.js';
import { Generation, type Holder, type ModelHold, type Replacement } from './generation.js';
import { MemoryBudget, type Resident } from './memory-budget.js';

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
  /** About how much memory it takes. */
  readonly bytes: number;
  /** Of its workers, where the backend tells. */
  readonly stats?: ModelStats;
}

/** A place for one model id: what serves now, and the load or reload that is under way. */
interface Slot {
  current: Generation | undefined;
  /** Loads, reloads and unloads of one id take turns. */
  turn: Promise<unknown>;
  /** Those that have their turn or wait for it. */
  pending: number;
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
  /** How many are about to hold what a reference leads to: it is not unloaded under their hands. */
  readonly #claims = new Map<string, number>();
  /** What models took when they were loaded last. */
  readonly #sizes = new Map<string, number>();
  readonly #retiring = new Set<Promise<void>>();
  readonly #budget: MemoryBudget;
  #disposal: Promise<void> | undefined;

  /** @param memoryBudget Bytes that loaded models may take together; default: no limit. */
  constructor(sources: ModelSources, events: EventHub, memoryBudget?: number) {
    this.#sources = sources;
    this.#events = events;
    this.#budget = new MemoryBudget(memoryBudget, () => this.#residents(), events);
  }

  async resolve(reference: string, context?: RunContext): Promise<ModelArtifacts> {
    const stores = this.#stores();
    for (const store of stores) {
      const found = await store.find(reference, context);
      if (found !== undefined) return found;
    }
    const searched = stores.map(({ name }) => name);
    throw new ModelNotFoundError(reference, searched, await this.#idsHere());
  }

  /** Ids of models that need not be fetched, for whoever misspelt one. */
  async #idsHere(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const store of this.#stores().filter(({ remote }) => remote !== true)) {
      for await (const { id } of store.list()) ids.push(id);
    }
    return ids;
  }

  async get(reference: string, context?: RunContext): Promise<Model> {
    return (await this.#generation(reference, context)).model;
  }

  /** Loads on first use and keeps that content until the hold is released; the holder hears of replacements. */
  async hold(reference: string, holder: Holder, context?: RunContext): Promise<ModelHold> {
    this.#claims.set(reference, (this.#claims.get(reference) ?? 0) + 1);
    try {
      for (;;) {
        const generation = await this.#generation(reference, context);
        // Between the load and this line a reload may have retired it.
        if (!generation.isRetired) return generation.hold(holder);
      }
    } finally {
      const claims = (this.#claims.get(reference) ?? 0) - 1;
      if (claims > 0) this.#claims.set(reference, claims);
      else this.#claims.delete(reference);
    }
  }

  /** The backend that a model would be loaded with. @throws ModelError when there is none, with what each says. */
  backendFor(artifacts: ModelArtifacts): ModelBackend {
    const backends = this.#sources.backends();
    const found = backends.find((candidate) => candidate.supports(artifacts));
    if (found !== undefined) return found;
    const { id, folder } = artifacts;
    const asked = backends.map(({ name }) => name).join(', ') || 'none is loaded';
    const reasons = backends.flatMap((backend) => backend.misfit?.(artifacts) ?? []).map((reason) => `; ${reason}`);
    throw new ModelError(id, `no backend can serve model '${id}' in ${folder} (asked: ${asked})${reasons.join('')}`);
  }

  async reload(reference: string): Promise<Model> {
    this.#refuseWhenClosed();
    const artifacts = await this.resolve(reference);
    this.#ids.set(reference, artifacts.id);
    const slot = this.#slot(artifacts.id);
    return this.#inTurn(slot, async () => {
      const old = slot.current;
      if (old !== undefined && old.model.artifacts.revision === artifacts.revision) return old.model;
      const next = await this.#load(artifacts, slot);
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

  /** `unload`, unless somebody holds it. */
  async unloadUnused(reference: string): Promise<void> {
    await this.unload(reference).catch((error: unknown) => {
      if (!(error instanceof ModelInUseError)) throw error;
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
        : [
            {
              id: current.model.artifacts.id,
              revision: current.model.artifacts.revision,
              uses: current.uses,
              bytes: current.bytes,
              ...(current.model.stats !== undefined && { stats: current.model.stats() }),
            },
          ],
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
      return slot.current ?? this.#load(artifacts, slot);
    });
  }

  /**
   * Loads within the budget, in the place of what is there.
   *
   * A model that is replaced lends its room to the next one: for the moment of a reload both are in memory.
   */
  async #load(artifacts: ModelArtifacts, slot: Slot): Promise<Generation> {
    const { id, folder } = artifacts;
    const lent = slot.current?.bytes ?? 0;
    const room = (bytes: number) => Math.max(0, bytes - lent);
    const backend = await this.#attempt(artifacts, async () => this.backendFor(artifacts));
    const fileBytes = await estimateMemory(folder);
    const reservation = await this.#budget.reserve(id, room(this.#sizes.get(id) ?? fileBytes));
    try {
      const next = await this.#attempt(artifacts, () => this.#loadWith(backend, artifacts, fileBytes));
      try {
        this.#sizes.set(id, next.bytes);
        await reservation.resize(room(next.bytes));
        const commit = slot.current === undefined ? () => {} : await this.#prepareHolders(slot.current, next);
        // In one go: whoever asks from here on gets the new one, and the budget counts it once.
        commit();
        slot.current = next;
        reservation.release();
      } catch (error) {
        await this.#retire(next).catch(() => {});
        throw error;
      }
      return next;
    } finally {
      reservation.release();
    }
  }

  async #loadWith(backend: ModelBackend, artifacts: ModelArtifacts, fileBytes: number): Promise<Generation> {
    const { id: model, revision } = artifacts;
    const started = performance.now();
    const loaded = await backend.load(artifacts);
    if (this.#disposal !== undefined) {
      await loaded[Symbol.asyncDispose]();
      throw new ClosedError('the model pool');
    }
    this.#events.emit({ type: 'model-loaded', model, revision, milliseconds: performance.now() - started });
    const onReleased = () => this.#events.emit({ type: 'model-released', model, revision });
    const companions = new Companions(backend, artifacts);
    return new Generation(loaded, companions, loaded.memoryBytes ?? fileBytes, onReleased);
  }

  /** Says of what fails which model it was. */
  async #attempt<T>(artifacts: ModelArtifacts, work: () => Promise<T>): Promise<T> {
    const { id } = artifacts;
    try {
      return await work();
    } catch (cause) {
      this.#events.emit({ type: 'model-load-failed', model: id, error: cause });
      if (ZooidError.is(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ModelError(id, `model '${id}' failed to load from ${artifacts.folder}: ${reason}`, { cause });
    }
  }

  /** All holders move to `next` by the function that this returns, or none: then the old keeps serving. */
  async #prepareHolders(old: Generation, next: Generation): Promise<() => void> {
    const prepared = new Map<symbol, Replacement>();
    try {
      // Some may take hold of the old one while others prepare.
      for (;;) {
        const [found] = [...old.holders].filter(([key]) => !prepared.has(key));
        if (found === undefined) break;
        const [key, holder] = found;
        prepared.set(key, await holder.prepare(next.hold(holder)));
      }
    } catch (error) {
      await Promise.allSettled([...prepared.values()].map((replacement) => replacement.discard()));
      throw error;
    }
    return () => {
      for (const replacement of prepared.values()) replacement.commit();
    };
  }

  #retire(generation: Generation): Promise<void> {
    return this.#track(generation, generation.retire());
  }

  /** The end of a model is waited for at shutdown, and reported when it fails. */
  #track(generation: Generation, retired: Promise<void>): Promise<void> {
    const { id } = generation.model.artifacts;
    const done = retired.catch((error) => {
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
      slot = { current: undefined, turn: Promise.resolve(), pending: 0 };
      this.#slots.set(id, slot);
    }
    return slot;
  }

  #inTurn<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    slot.pending++;
    const result = slot.turn.then(work).finally(() => slot.pending--);
    slot.turn = result.catch(() => {}); // the next in turn starts whatever became of this one
    return result;
  }

  /** What the budget counts. A model that is being loaded, reloaded or unloaded stays as it is meanwhile. */
  #residents(): Resident[] {
    return [...this.#slots.values()].flatMap((slot) => {
      const { current: generation, pending } = slot;
      if (generation === undefined) return [];
      const evict = async () => {
        slot.current = undefined;
        await this.#track(generation, generation.evict());
      };
      const { bytes, lastUsed } = generation;
      const { id } = generation.model.artifacts;
      const isClaimed = [...this.#claims.keys()].some((reference) => this.#ids.get(reference) === id);
      const isEvictable = pending === 0 && !isClaimed && generation.isEvictable;
      return [{ model: id, bytes, lastUsed, isEvictable, evict }];
    });
  }

  #refuseWhenClosed(): void {
    if (this.#disposal !== undefined) throw new ClosedError('the model pool');
  }
}
