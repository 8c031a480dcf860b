import type { BatchSettings } from '@zooid/batcher';
import { ValidationError } from '@zooid/common';
import { type App, ClosedError, DuplicateNameError, type ModelArtifacts, type RunContext } from '@zooid/spec';
import type { EventHub } from '../events.js';
import type { ModelPool } from '../models/model-pool.js';
import type { Registry } from '../registry.js';
import { isName, nameForm, parseAddress } from './address.js';
import { Aliases, type AliasMap } from './aliases.js';
import { appOf } from './app-of-model.js';
import { Endpoint, type EndpointAnswer } from './endpoint.js';
import type { Limits } from './limits.js';
import { type ReloadReport, reloadEach } from './reload.js';
import { ServedNames } from './served-names.js';

export interface OpenEndpointOptions extends RunContext {
  /** App name; default: what the model is for, by its zooid.json or config.json. */
  readonly app?: string;
  /** Tells several endpoints of one name apart; each then answers as `name@version`. */
  readonly version?: string;
  /** Of several versions, the one that answers to the bare name. Default: the first that was opened. */
  readonly default?: boolean;
  /**
   * Whether it is found and checked now, but loaded at its first request, and may be unloaded while nobody uses it to make
   * room for others. Default: whether there is a memory budget.
   */
  readonly lazy?: boolean;
}

/** What this kernel serves. An address is a name, a name with a version (`intent@2`), or an alias of either. */
export interface Endpoints {
  /**
   * Loads the model and opens its app under `name`.
   * @throws ValidationError when the name is not url-safe, DuplicateNameError, ModelNotFoundError, ModelError, and
   * MemoryBudgetError.
   */
  open(name: string, reference: string, options?: OpenEndpointOptions): Promise<Endpoint>;
  /** @throws UnknownNameError with the known names and the nearest one. */
  get(address: string): Endpoint;
  /** Every version of what an address leads to by its name, the default one first. @throws UnknownNameError */
  versions(address: string): readonly Endpoint[];
  /** Every version of every name. */
  list(): readonly Endpoint[];
  /**
   * Loads an endpoint that is not loaded; moves another to the newest content of its model, and when that cannot serve,
   * the old goes on. A bare name means all its versions.
   */
  load(address: string, context?: RunContext): Promise<readonly ReloadReport[]>;
  /**
   * Waits for runs in flight and lets go of the model. A lazy endpoint loads it again at the next request, another when
   * `load` is called. A bare name means all its versions.
   */
  unload(address: string): Promise<void>;
  /** Moves the endpoint to the newest content of its model; when that cannot serve, the old goes on. */
  reload(address: string): Promise<Endpoint>;
  /** The same for all that are loaded; the others are only looked up anew. Says of each what became of it. */
  reloadAll(): Promise<readonly ReloadReport[]>;
  readonly aliases: AliasMap;
  /** In place of all there were. @throws ValidationError for unknown targets and cycles; the old ones stay then. */
  setAliases(aliases: AliasMap): void;
  /** Waits for runs in flight. @throws UnknownNameError */
  close(address: string): Promise<void>;
  /** `get(address).parse(…)` and `execute`. */
  run(address: string, inputs: unknown, parameters?: unknown, context?: RunContext): Promise<EndpointAnswer>;
}

export interface EndpointTableOptions {
  readonly apps: Registry<App>;
  readonly models: ModelPool;
  readonly events: EventHub;
  readonly limits: Limits;
  /** How apps batch the rows of concurrent requests. */
  readonly batching: BatchSettings;
  /** What `lazy` is by default. */
  readonly lazy: boolean;
}

export class EndpointTable implements Endpoints, AsyncDisposable {
  readonly #options: EndpointTableOptions;
  readonly #served = new ServedNames();
  readonly #aliases = new Aliases();
  readonly #opening = new Map<string, Promise<Endpoint>>();
  #disposal: Promise<void> | undefined;

  constructor(options: EndpointTableOptions) {
    this.#options = options;
  }

  async open(name: string, reference: string, options: OpenEndpointOptions = {}): Promise<Endpoint> {
    if (this.#disposal !== undefined) throw new ClosedError('the kernel');
    const { version } = options;
    for (const [path, text] of Object.entries({
      '/name': name,
      ...(version !== undefined && { '/version': version }),
    })) {
      if (!isName(text)) throw new ValidationError('endpoint', [{ path, message: `must be ${nameForm}` }]);
    }
    const address = version === undefined ? name : `${name}@${version}`;
    this.#served.refuse(name, version);
    if (this.#isOpening(name, version) || Object.hasOwn(this.aliases, name)) {
      throw new DuplicateNameError('endpoint', address);
    }
    const opening = this.#start(name, reference, options);
    this.#opening.set(address, opening);
    try {
      const endpoint = await opening;
      this.#served.add(endpoint, options.default === true);
      const { id: model } = endpoint.model;
      this.#options.events.emit({ type: 'endpoint-opened', endpoint: address, app: endpoint.app.name, model });
      return endpoint;
    } finally {
      this.#opening.delete(address);
    }
  }

  get(address: string): Endpoint {
    const found = this.#served.find(parseAddress(address));
    if (found !== undefined) return found;
    const parsed = parseAddress(this.#aliases.resolve(address));
    const endpoint = this.#served.find(parsed);
    if (endpoint === undefined) throw this.#served.unknown(address, parsed, Object.keys(this.aliases));
    return endpoint;
  }

  versions(address: string): readonly Endpoint[] {
    return this.#served.versionsOf(this.get(address).name);
  }

  list(): readonly Endpoint[] {
    return this.#served.endpoints;
  }

  async load(address: string, context: RunContext = {}): Promise<readonly ReloadReport[]> {
    const reports: ReloadReport[] = [];
    for (const endpoint of this.#meant(address)) {
      const { address: at, reference } = endpoint;
      const from = endpoint.state === 'loaded' ? endpoint.model.revision : undefined;
      await this.#options.models.reload(reference);
      await endpoint.load(context);
      const { id: model, revision: to } = endpoint.model;
      const outcome = from === undefined ? 'loaded' : from === to ? 'unchanged' : 'replaced';
      reports.push({ endpoint: at, model, outcome, ...(from !== undefined && { from }), to });
    }
    return reports;
  }

  async unload(address: string): Promise<void> {
    const { events, models } = this.#options;
    for (const endpoint of this.#meant(address)) {
      await endpoint.unload();
      events.emit({ type: 'endpoint-unloaded', endpoint: endpoint.address });
      await models.unloadUnused(endpoint.reference);
    }
  }

  async reload(address: string): Promise<Endpoint> {
    const endpoint = this.get(address);
    await this.#options.models.reload(endpoint.reference);
    return endpoint;
  }

  reloadAll(): Promise<readonly ReloadReport[]> {
    return reloadEach(this.list(), this.#options.models);
  }

  get aliases(): AliasMap {
    return this.#aliases.entries;
  }

  setAliases(aliases: AliasMap): void {
    this.#aliases.replace(aliases, this.#served.addresses);
  }

  async close(address: string): Promise<void> {
    const endpoint = this.get(address);
    this.#served.remove(endpoint);
    await endpoint.close();
    this.#options.events.emit({ type: 'endpoint-closed', endpoint: endpoint.address });
  }

  async run(address: string, inputs: unknown, parameters?: unknown, context?: RunContext): Promise<EndpointAnswer> {
    const endpoint = this.get(address);
    return endpoint.execute(endpoint.parse(inputs, parameters), context);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled([...this.#opening.values()]);
    const results = await Promise.allSettled(this.list().map(({ address }) => this.close(address)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} endpoints failed to close`);
  }

  /** Whether an endpoint is being opened beside which this one cannot be. */
  #isOpening(name: string, version: string | undefined): boolean {
    return [...this.#opening.keys()].map(parseAddress).some((other) => {
      const isSame = other.version === version || other.version === undefined || version === undefined;
      return other.name === name && isSame;
    });
  }

  /** A version, or all of a name. @throws UnknownNameError */
  #meant(address: string): readonly Endpoint[] {
    const endpoint = this.get(address);
    const { version } = parseAddress(this.#aliases.resolve(address));
    return version === undefined ? this.#served.versionsOf(endpoint.name) : [endpoint];
  }

  async #start(name: string, reference: string, options: OpenEndpointOptions): Promise<Endpoint> {
    const { apps, models, events, limits, batching } = this.#options;
    const { app: appName, version, lazy = this.#options.lazy, signal } = options;
    const context = signal === undefined ? {} : { signal };
    const find = () => models.resolve(reference, context);
    let artifacts: ModelArtifacts | undefined;
    if (lazy) {
      artifacts = await find();
      models.backendFor(artifacts); // whether it can be loaded at all is better known before the first request
    }
    const app = apps.get(appName ?? appOf(artifacts ?? (await find()), apps.names));
    const endpoint: Endpoint = new Endpoint(
      name,
      app,
      reference,
      limits,
      {
        notify: ({ level, message }) => events.emit({ type: 'app-notice', endpoint: endpoint.address, level, message }),
        batching: {
          ...batching,
          observe: (batch) => events.emit({ type: 'batch-dispatched', endpoint: endpoint.address, ...batch }),
        },
      },
      {
        lazy,
        ...(artifacts !== undefined && { artifacts }),
        ...(version !== undefined && { version }),
        acquire: (holder) => models.hold(reference, holder),
      },
    );
    if (!lazy) await this.#loadOrClose(endpoint, context);
    return endpoint;
  }

  async #loadOrClose(endpoint: Endpoint, context: RunContext): Promise<void> {
    try {
      await endpoint.load(context);
    } catch (error) {
      const closed = endpoint.close();
      // Who gave up does not wait for the load that goes on.
      if (context.signal?.aborted === true) closed.catch(() => {});
      else await closed;
      throw error;
    }
  }
}
