import 'reflect-metadata';
import { type Issue, ValidationError, ZooidError } from '@zooid/common';
import { checkDto, didYouMean, type Plugin, PluginError, pointer, type ServiceIdentifier } from '@zooid/spec';
import { Container, ContainerModule } from 'inversify';
import type { EventHub } from '../events.js';
import { orderPlugins, tokenName } from './plugin-order.js';

export interface PluginHostOptions {
  readonly plugins: readonly Plugin[];
  readonly available: readonly Plugin[];
  /** Each plugin's section of the configuration, by plugin name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the kernel itself offers to every plugin. */
  readonly services: ReadonlyMap<ServiceIdentifier, unknown>;
  readonly events: EventHub;
}

/** A plugin that has started: its private container and what it published. */
interface StartedPlugin {
  readonly plugin: Plugin;
  readonly container: Container;
  readonly published: Map<ServiceIdentifier, readonly unknown[]>;
}

/**
 * Starts plugins in dependency order, each in a child container of its own. Only what a plugin's `provides` lists
 * reaches the shared root, as finished objects; everything else stays in its child.
 */
export class PluginHost implements AsyncDisposable {
  readonly #root = new Container();
  readonly #started: StartedPlugin[] = [];
  readonly #events: EventHub;
  #disposal: Promise<void> | undefined;

  private constructor(events: EventHub) {
    this.#events = events;
  }

  /**
   * Everything that can be checked without constructing anything is checked first: names, requirements, cycles, and
   * the whole configuration.
   *
   * @throws PluginError or ValidationError; plugins that had started by then are disposed of again.
   */
  static async start(options: PluginHostOptions): Promise<PluginHost> {
    const ordered = orderPlugins(options.plugins, new Set(options.services.keys()), options.available);
    const configs = validateSettings(ordered, options.settings);
    const host = new PluginHost(options.events);
    for (const [token, service] of options.services) host.#root.bind(token).toConstantValue(service);
    try {
      for (const plugin of ordered) await host.#start(plugin, configs.get(plugin) ?? {});
    } catch (error) {
      await host[Symbol.asyncDispose]().catch(() => {}); // the reason for stopping is the error to see
      throw error;
    }
    return host;
  }

  /** In load order. */
  get plugins(): readonly Plugin[] {
    return this.#started.map(({ plugin }) => plugin);
  }

  /** Everything published under `token`, in load order. */
  all<T>(token: ServiceIdentifier<T>): readonly T[] {
    return this.#started.flatMap(({ published }) => (published.get(token) ?? []) as readonly T[]);
  }

  /** Releases plugins in reverse order; one that fails does not keep the others alive. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #start(plugin: Plugin, config: object): Promise<void> {
    const container = new Container({ parent: this.#root, defaultScope: 'Singleton' });
    const started: StartedPlugin = { plugin, container, published: new Map() };
    this.#started.push(started); // from here on disposal covers it, also when half started
    try {
      let returned: unknown;
      container.load(
        // In braces: `register: ({ bind }) => bind(…).to(…)` returns a binding, which the container would refuse.
        new ContainerModule((options) => {
          returned = plugin.register(options, config);
        }),
      );
      if (returned instanceof Promise) {
        returned.catch(() => {});
        throw new PluginError(
          plugin.name,
          `plugin '${plugin.name}' has an async register(), which must bind at once; load things where they are used`,
        );
      }
      for (const token of plugin.provides) {
        if (!container.isCurrentBound(token)) {
          throw new PluginError(
            plugin.name,
            `plugin '${plugin.name}' says it provides ${tokenName(token)}, but its register() binds nothing to it`,
          );
        }
        started.published.set(token, await container.getAllAsync(token));
      }
    } catch (cause) {
      if (ZooidError.is(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PluginError(plugin.name, `plugin '${plugin.name}' failed to start: ${reason}`, { cause });
    }
    this.#refuseTakenNames(started);
    for (const [token, services] of started.published) {
      for (const service of services) this.#root.bind(token).toConstantValue(service);
    }
    this.#events.emit({ type: 'plugin-loaded', plugin: plugin.name });
  }

  /** Apps, methods, backends … are found by name, so two of a kind must not share one. */
  #refuseTakenNames({ plugin, published }: StartedPlugin): void {
    for (const [token, services] of published) {
      const owners = new Map<string, string>();
      for (const { plugin: other, published: theirs } of this.#started) {
        if (other === plugin) continue;
        for (const service of theirs.get(token) ?? []) owners.set(nameOf(service) ?? '', other.name);
      }
      for (const service of services) {
        const name = nameOf(service);
        if (name === undefined) continue;
        const owner = owners.get(name);
        if (owner !== undefined) {
          throw new PluginError(
            plugin.name,
            `plugin '${plugin.name}' provides ${tokenName(token)} '${name}', which plugin '${owner}' provides already; load only one of them`,
          );
        }
        owners.set(name, plugin.name);
      }
    }
  }

  async #dispose(): Promise<void> {
    const errors: unknown[] = [];
    for (const { plugin, container, published } of this.#started.toReversed()) {
      const attempt = async (release: () => unknown) => {
        try {
          await release();
        } catch (error) {
          errors.push(error);
          this.#events.emit({ type: 'release-failed', what: `plugin '${plugin.name}'`, error });
        }
      };
      for (const service of new Set([...published.values()].flat().toReversed())) {
        await attempt(() => disposeOf(service));
      }
      await attempt(() => container.unbindAllAsync());
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} plugin services failed to release`);
  }
}

/** One config object per plugin that declares one. @throws ValidationError with all issues of all plugins. */
function validateSettings(
  plugins: readonly Plugin[],
  settings: Readonly<Record<string, unknown>>,
): ReadonlyMap<Plugin, object> {
  const configs = new Map<Plugin, object>();
  const issues: Issue[] = [];
  for (const name of Object.keys(settings)) {
    if (plugins.some((plugin) => plugin.name === name)) continue;
    const names = plugins.map((plugin) => plugin.name);
    issues.push({
      path: pointer('/settings', name),
      message: `configures a plugin that is not loaded${didYouMean(name, names) || `; loaded: ${names.join(', ')}`}`,
    });
  }
  for (const plugin of plugins) {
    const section = settings[plugin.name];
    const at = pointer('/settings', plugin.name);
    if (plugin.config === undefined) {
      if (section !== undefined) issues.push({ path: at, message: `plugin '${plugin.name}' takes no configuration` });
      continue;
    }
    const checked = checkDto(plugin.config, section ?? {}, at);
    issues.push(...checked.issues);
    if (checked.instance !== undefined) configs.set(plugin, checked.instance);
  }
  if (issues.length > 0) throw new ValidationError('plugin configuration', issues);
  return configs;
}

function nameOf(service: unknown): string | undefined {
  const name = typeof service === 'object' && service !== null ? (service as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : undefined;
}

async function disposeOf(service: unknown): Promise<void> {
  if (typeof service !== 'object' || service === null) return;
  if (Symbol.asyncDispose in service) await (service as AsyncDisposable)[Symbol.asyncDispose]();
  else if (Symbol.dispose in service) (service as Disposable)[Symbol.dispose]();
}
