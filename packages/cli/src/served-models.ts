import { basename, resolve } from 'node:path';
import type { AliasMap, ConfiguredEndpoint, Kernel } from '@zooid/kernel';
import { UsageError } from './errors.js';
import type { Project } from './host.js';

/** What `zooid serve` serves, and under which other names. */
export interface ServedModels {
  readonly endpoints: readonly ConfiguredEndpoint[];
  readonly aliases: AliasMap;
}

/**
 * What the command line names; else what zooid.yaml names; else every model that is here without being fetched.
 *
 * @param named `name=model`, `name@version=model`, or a model alone, which is served under its last part.
 * @throws UsageError when there is nothing, or two would have one name.
 */
export async function chooseModels(
  kernel: Kernel,
  { config }: Project,
  named: readonly string[],
): Promise<ServedModels> {
  if (named.length > 0) return { endpoints: unambiguous(named.map(parseModel)), aliases: {} };
  const { endpoints = [], aliases = {} } = config ?? {};
  if (endpoints.length > 0) return { endpoints, aliases };
  const found = await findModels(kernel);
  if (found.length === 0) {
    throw new UsageError('there is nothing to serve; name a model: zooid serve --model name=FOLDER');
  }
  return { endpoints: unambiguous(found), aliases };
}

/** Every model that is here without being fetched and that a loaded app serves, under the last part of its id. */
export async function findModels(kernel: Kernel): Promise<readonly ConfiguredEndpoint[]> {
  const found: ConfiguredEndpoint[] = [];
  for await (const { id, app, store } of kernel.models.list()) {
    if (kernel.stores.get(store).remote === true) continue;
    if (app !== undefined && kernel.apps.has(app)) found.push({ name: basename(id), model: id });
  }
  return found;
}

function parseModel(text: string): ConfiguredEndpoint {
  const [, name, version, model] = /^([A-Za-z0-9][\w.-]*)(?:@([A-Za-z0-9][\w.-]*))?=(.+)$/.exec(text) ?? [];
  if (name !== undefined && model !== undefined) return { name, model, ...(version !== undefined && { version }) };
  return { name: basename(resolve(text.replace(/^([\w.-]+\/[\w.-]+)@.+$/, '$1'))), model: text };
}

function unambiguous(served: readonly ConfiguredEndpoint[]): readonly ConfiguredEndpoint[] {
  const addresses = served.map(({ name, version }) => (version === undefined ? name : `${name}@${version}`));
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i);
  if (twice !== undefined)
    throw new UsageError(`two models would be served as '${twice}'; name them: --model NAME=MODEL`);
  return served;
}
