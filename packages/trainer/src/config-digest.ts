import { createHash } from 'node:crypto';
import type { ConfigDifference } from './errors.js';

/** What two runs must agree on to be the same run: recipe, data digests, prepared task. Plain JSON. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** sha256 of the config with keys sorted, so that only content counts. */
export function configDigest(config: RunConfig): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}

/** JSON with sorted keys and without `undefined`. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join()}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join()}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Leaves in which two configs differ, by dotted path, sorted. */
export function configDifferences(checkpoint: RunConfig, now: RunConfig): ConfigDifference[] {
  const before = leaves(checkpoint);
  const after = leaves(now);
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .sort()
    .map((key) => ({ key, checkpoint: before.get(key), now: after.get(key) }));
}

function leaves(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  const isBranch =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isBranch) {
    if (value !== undefined) found.set(path, canonicalJson(value));
    return found;
  }
  for (const [key, item] of Object.entries(value)) leaves(item, path ? `${path}.${key}` : key, found);
  return found;
}
