import { dirname, resolve } from 'node:path';
import type { BatchSettings } from '@zooid/batcher';
import { checkDto } from '@zooid/spec';
import { type AliasMap, aliasIssues } from '../endpoints/aliases.js';
import type { Limits } from '../endpoints/limits.js';
import { parseByteSize } from '../models/byte-size.js';
import { addressesOf, type ConfiguredEndpoint, readEndpoints } from './endpoint-sections.js';
import { readYaml, type YamlFile } from './yaml-file.js';
import { ZooidConfig } from './zooid-config.js';

/** A checked zooid.yaml with every path absolute. */
export interface LoadedConfig {
  readonly file: string;
  /** Folder of the file: the project's root. */
  readonly root: string;
  /** `undefined` when the file does not choose. */
  readonly plugins: readonly string[] | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly endpoints: readonly ConfiguredEndpoint[];
  readonly aliases: AliasMap;
  /** Bytes; `undefined` when there is no limit. */
  readonly memoryBudget: number | undefined;
  readonly models: readonly string[];
  readonly data: readonly string[];
  readonly limits: Partial<Limits>;
  readonly batching: BatchSettings;
  readonly server: Readonly<Record<string, unknown>>;
}

/** @throws ValidationError naming every unknown key with its line and the nearest valid key. */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const yaml: YamlFile = await readYaml(file);
  const { instance: config, issues } = checkDto(ZooidConfig, yaml.content);
  if (config === undefined || issues.length > 0) yaml.refuse(issues);

  const root = dirname(resolve(file));
  const { endpoints, issues: endpointIssues } = readEndpoints(config.endpoints ?? {}, root);
  if (endpointIssues.length > 0) yaml.refuse(endpointIssues);
  const { aliases = {}, memoryBudget } = config;
  // Without endpoints here it is not known yet what will be served; the kernel checks them then.
  const wrongAliases = endpoints.length === 0 ? [] : aliasIssues(aliases, addressesOf(endpoints));
  if (wrongAliases.length > 0) {
    yaml.refuse(wrongAliases.map(({ path, message }) => ({ path: `/aliases${path}`, message })));
  }

  const absolute = (paths: readonly string[] | undefined) => (paths ?? []).map((path) => resolve(root, path));
  return {
    file: resolve(file),
    root,
    plugins: config.plugins,
    settings: config.settings ?? {},
    endpoints,
    aliases,
    memoryBudget: memoryBudget === undefined ? undefined : parseByteSize(memoryBudget),
    models: absolute(config.models),
    data: absolute(config.data),
    limits: { ...config.limits },
    batching: { ...config.batching },
    server: config.server ?? {},
  };
}
