import { ValidationError } from '@zooid/common';
import { type App, ClosedError, DuplicateNameError, type RunContext, UnknownNameError } from '@zooid/spec';
import type { EventHub } from '../events.js';
import type { ModelPool } from '../models/model-pool.js';
import type { Registry } from '../registry.js';
import { appOf } from './app-of-model.js';
import { Endpoint, type EndpointAnswer } from './endpoint.js';
import type { Limits } from './limits.js';

export interface OpenEndpointOptions extends RunContext {
  /** App name; default: what the model is for, by its zooid.json or config.json. */
  readonly app?: string;
}

/** What this kernel serves, by name. */
export interface Endpoints {
  /**
   * Loads the model and opens its app under `name`.
   * @throws ValidationError when the name is not url-safe, DuplicateNameError, ModelNotFoundError, ModelError.
   */
  open(name: string, reference: string, options?: OpenEndpointOptions): Promise<Endpoint>;
  /** @throws UnknownNameError with the known names and the nearest one. */
  get(name: string): Endpoint;
  list(): readonly Endpoint[];
  /** Moves the endpoint to the newest content of its model; when that cannot serve, the old goes on. */
  reload(name: string): Promise<Endpoint>;
  /** Waits for runs in flight. @throws UnknownNameError */
  close(name: string): Promise<void>;
  /** `get(name).parse(…)` and `execute`. */
  run(name: string, inputs: unknown, parameters?: unknown, context?: RunContext): Promise<EndpointAnswer>;
}

/** Names become one path segment of a URL and a label of metrics. */
const urlSafe = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export class EndpointTable implements Endpoints, AsyncDisposable {
  readonly #apps: Registry<App>;
  readonly #models: ModelPool;
  readonly #events: EventHub;
  readonly #limits: Limits;
  readonly #open = new Map<string, Endpoint>();
  readonly #opening = new Map<string, Promise<Endpoint>>();
  #disposal: Promise<void> | undefined;

  constructor(apps: Registry<App>, models: ModelPool, events: EventHub, limits: Limits) {
    this.#apps = apps;
    this.#models = models;
    this.#events = events;
    this.#limits = limits;
  }

  async open(name: string, reference: string, options: OpenEndpointOptions = {}): Promise<Endpoint> {
    if (this.#disposal !== undefined) throw new ClosedError('the kernel');
    if (!urlSafe.test(name)) {
      throw new ValidationError('endpoint', [
        {
          path: '/name',
          message: `must be up to 64 letters, digits, '.', '_' or '-', and start with a letter or digit`,
        },
      ]);
    }
    if (this.#open.has(name) || this.#opening.has(name)) throw new DuplicateNameError('endpoint', name);
    const opening = this.#start(name, reference, options);
    this.#opening.set(name, opening);
    try {
      const endpoint = await opening;
      this.#open.set(name, endpoint);
      const { id: model } = endpoint.model;
      this.#events.emit({ type: 'endpoint-opened', endpoint: name, app: endpoint.app.name, model });
      return endpoint;
    } finally {
      this.#opening.delete(name);
    }
  }

  get(name: string): Endpoint {
    const endpoint = this.#open.get(name);
    if (endpoint === undefined) throw new UnknownNameError('endpoint', name, [...this.#open.keys()]);
    return endpoint;
  }

  list(): readonly Endpoint[] {
    return [...this.#open.values()];
  }

  async reload(name: string): Promise<Endpoint> {
    const endpoint = this.get(name);
    await this.#models.reload(endpoint.reference);
    return endpoint;
  }

  async close(name: string): Promise<void> {
    const endpoint = this.get(name);
    this.#open.delete(name);
    await endpoint.close();
    this.#events.emit({ type: 'endpoint-closed', endpoint: name });
  }

  async run(name: string, inputs: unknown, parameters?: unknown, context?: RunContext): Promise<EndpointAnswer> {
    const endpoint = this.get(name);
    return endpoint.execute(endpoint.parse(inputs, parameters), context);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled([...this.#opening.values()]);
    const results = await Promise.allSettled([...this.#open.keys()].map((name) => this.close(name)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} endpoints failed to close`);
  }

  async #start(name: string, reference: string, { app: appName, signal }: OpenEndpointOptions): Promise<Endpoint> {
    const context = signal === undefined ? {} : { signal };
    const app = this.#apps.get(appName ?? appOf(await this.#models.resolve(reference, context), this.#apps.names));
    const endpoint = new Endpoint(name, app, reference, this.#limits, {
      ...context,
      notify: ({ level, message }) => this.#events.emit({ type: 'app-notice', endpoint: name, level, message }),
    });
    const prepare = endpoint.prepareReplacement.bind(endpoint);
    await endpoint.start(await this.#models.hold(reference, `endpoint '${name}'`, prepare, context));
    return endpoint;
  }
}
