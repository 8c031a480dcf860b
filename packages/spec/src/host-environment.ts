import type { ServiceIdentifier } from 'inversify';

/**
 * Environment variables as the host of this kernel has read them, for plugins that share conventions with other tools
 * (`HF_HOME`, `HF_TOKEN`). Plugins do not read those of the process: what is not in
 * here was not meant for them.
 */
export type HostEnvironment = Readonly<Record<string, string | undefined>>;
export const HostEnvironment: ServiceIdentifier<HostEnvironment> = Symbol.for('@zooid/spec/HostEnvironment');
