import type { ContainerModuleLoadOptions, ServiceIdentifier } from 'inversify';
import type { DtoClass } from './dto.js';

/**
 * A plugin is a value: a module exports a description and has no side effects; the host decides to load it.
 *
 * The kernel validates `config`, checks `requires` before constructing anything, orders plugins by `requires` and
 * `provides`, gives each a child container, and publishes only what `provides` lists. Everything else a plugin binds
 * stays private to it.
 */
export interface Plugin<C extends object = object> {
  /** Unique; equals the package name without its scope: `app-intent`. */
  readonly name: string;
  /** Contract version of `@zooid/spec` the plugin was written for. */
  readonly contract: typeof contractVersion;
  /** Tokens that other plugins or the kernel must provide. */
  readonly requires?: readonly ServiceIdentifier[];
  /** Tokens this plugin publishes. */
  readonly provides: readonly ServiceIdentifier[];
  /** Validates this plugin's section of the configuration; unknown keys are rejected. */
  readonly config?: DtoClass<C>;
  register(options: ContainerModuleLoadOptions, config: C): void;
}

/** Raised when a contract in this package changes incompatibly; the kernel refuses plugins written for another. */
export const contractVersion = 1;

/** Fills in the contract version and infers the configuration type. */
export function definePlugin<C extends object = object>(plugin: Omit<Plugin<C>, 'contract'>): Plugin<C> {
  return { ...plugin, contract: contractVersion };
}
