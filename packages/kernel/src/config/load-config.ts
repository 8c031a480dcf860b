import { dirname, resolve } from 'node:path';
import type { BatchSettings } from '@zooid/batcher';
import type { Issue } from '@zooid/common';
import { checkDto, pointer } from '@zooid/spec';
import type { Limits } from '../endpoints/limits.js';
import { readYaml, type YamlFile } from './yaml-file.js';
import { EndpointSection, ZooidConfig } from './zooid-config.js';

/** A checked zooid.yaml with every path absolute. */
export interface LoadedConfig {
  readonly file: string;
  /** Folder of the file: the project's root. */
  readonly root: string;
  /** `undefined` when the file does not choose. */
  readonly plugins: readonly string[] | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly endpoints: readonly { readonly name: string; readonly model: string; readonly app?: string }[];
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
  const endpointIssues: Issue[] = [];
  const endpoints = Object.entries(config.endpoints ?? {}).flatMap(([name, value]) => {
    const section = typeof value === 'string' ? { model: value } : value;
    const checked = checkDto(EndpointSection, section, pointer('/endpoints', name));
    endpointIssues.push(...checked.issues);
    if (checked.instance === undefined || checked.issues.length > 0) return [];
    const { model, app } = checked.instance;
    const reference = model.startsWith('.') ? resolve(root, model) : model;
    return [{ name, model: reference, ...(app !== undefined && { app }) }];
  });
  if (endpointIssues.length > 0) yaml.refuse(endpointIssues);

  const absolute = (paths: readonly string[] | undefined) => (paths ?? []).map((path) => resolve(root, path));
  return {
    file: resolve(file),
    root,
    plugins: config.plugins,
    settings: config.settings ?? {},
    endpoints,
    models: absolute(config.models),
    data: absolute(config.data),
    limits: { ...config.limits },
    batching: { ...config.batching },
    server: config.server ?? {},
  };
}
