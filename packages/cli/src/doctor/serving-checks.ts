import { addressesOf, aliasIssues, type ConfiguredEndpoint, formatBytes, type Kernel } from '@zooid/kernel';
import { UsageError } from '../errors.js';
import type { Project } from '../host.js';
import { findModels } from '../served-models.js';
import { type Check, check } from './check.js';

interface Loaded {
  readonly address: string;
  readonly model: string;
  readonly bytes: number;
  readonly isPinned: boolean;
}

/**
 * Loads what zooid.yaml says is served, one after the other, and holds it against the budget.
 *
 * Every model is found, compared with its digests, loaded by its backend and opened by its app, as serving would do.
 */
export async function servingChecks(kernel: Kernel, { config }: Project): Promise<Check[]> {
  if (config === undefined) return [];
  const { endpoints, aliases, memoryBudget } = config;
  const checks: Check[] = [];
  const loaded: Loaded[] = [];
  for (const endpoint of endpoints) {
    const address = endpoint.version === undefined ? endpoint.name : `${endpoint.name}@${endpoint.version}`;
    const isPinned = endpoint.lazy === undefined ? memoryBudget === undefined : !endpoint.lazy;
    checks.push(
      await check(`endpoint ${address}`, async () => {
        const found = await tryOut(kernel, endpoint);
        loaded.push({ address, isPinned, ...found });
        const when = isPinned ? 'at start' : 'at its first request';
        return `app ${found.app}, model ${found.model}, ${formatBytes(found.bytes)} of memory, loads ${when}`;
      }),
    );
  }
  if (memoryBudget !== undefined) checks.push(await check('memory budget', () => weigh(loaded, memoryBudget)));
  if (Object.keys(aliases).length > 0) {
    checks.push(await check('aliases', async () => checkAliases(aliases, await served(kernel, endpoints))));
  }
  return checks;
}

async function tryOut(kernel: Kernel, { name, model, app, version }: ConfiguredEndpoint) {
  const options = { lazy: false, ...(app !== undefined && { app }), ...(version !== undefined && { version }) };
  const endpoint = await kernel.endpoints.open(name, model, options);
  try {
    const { id } = endpoint.model;
    const bytes = kernel.models.loaded().find((loaded) => loaded.id === id)?.bytes ?? 0;
    return { app: endpoint.app.name, model: id, bytes };
  } finally {
    await kernel.endpoints.close(endpoint.address);
    await kernel.models.unload(model);
  }
}

/** @throws UsageError when what is pinned, or any one, is more than the budget. */
function weigh(loaded: readonly Loaded[], budget: number): string {
  const [largest] = loaded.toSorted((a, b) => b.bytes - a.bytes);
  const size = formatBytes(budget);
  if (largest === undefined) return size;
  if (largest.bytes > budget) {
    const needed = formatBytes(largest.bytes);
    throw new UsageError(`${size} is less than '${largest.address}' alone needs (${needed}); raise memoryBudget`);
  }
  // Endpoints of one model share it.
  const pinned = new Map(loaded.filter(({ isPinned }) => isPinned).map(({ model, bytes }) => [model, bytes]));
  const kept = [...pinned.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (kept > budget) {
    throw new UsageError(
      `${size} is less than the endpoints that load at start need together (${formatBytes(kept)}); ` +
        'raise memoryBudget, or say lazy: true of some',
    );
  }
  return `${size}; the largest model needs ${formatBytes(largest.bytes)}, those that stay loaded ${formatBytes(kept)}`;
}

async function served(kernel: Kernel, endpoints: readonly ConfiguredEndpoint[]): Promise<readonly string[]> {
  if (endpoints.length > 0) return addressesOf(endpoints);
  return addressesOf(await findModels(kernel));
}

function checkAliases(aliases: Readonly<Record<string, string>>, addresses: readonly string[]): string {
  const [issue] = aliasIssues(aliases, addresses);
  if (issue !== undefined) throw new UsageError(`${issue.path.slice(1)} ${issue.message}`);
  return Object.entries(aliases)
    .map(([alias, target]) => `${alias} → ${target}`)
    .join(', ');
}
