import type { Kernel } from '@zooid/kernel';
import type { CacheFinding, CacheRemoval, ModelCache } from '@zooid/spec';
import { ChecksFailedError, UnavailableError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, formatBytes, formatTable, note, print, printJson, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

/** Lists the revisions of models that stores have fetched. */
export async function cacheList({ terminal, options }: CommandContext): Promise<void> {
  await using host = await openHost(terminal, options);
  const caches = cachesOf(host.kernel);
  const models = (await Promise.all(caches.map((cache) => cache.list()))).flat();
  if (options.json) return printJson(terminal, models);
  if (models.length === 0) return print(terminal, `no models in ${foldersOf(caches)}`);
  const rows = models.map(({ id, revision, refs, files, sizeBytes, modified }) => [
    id,
    revision.slice(0, 12),
    refs.join(', '),
    `${files}`,
    formatBytes(sizeBytes),
    modified.slice(0, 10),
  ]);
  printTable(terminal, ['model', 'revision', 'refs', 'files', 'size', 'modified'], rows);
}

/**
 * Computes the digest of everything that was fetched.
 *
 * @throws ChecksFailedError when something is damaged or missing and was not removed.
 */
export async function cacheVerify(
  { terminal, options }: CommandContext,
  { remove = false }: { readonly remove?: boolean },
): Promise<void> {
  await using host = await openHost(terminal, options);
  const caches = cachesOf(host.kernel);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const findings: CacheFinding[] = [];
  for (const cache of caches) {
    for await (const finding of cache.verify({ remove, signal: interruption.signal })) findings.push(finding);
  }
  const count = (status: CacheFinding['status']) => findings.filter((finding) => finding.status === status).length;
  const bad = findings.filter(({ status }) => status === 'damaged' || status === 'missing');
  if (options.json) printJson(terminal, findings);
  else {
    const rows = bad.map(({ status, removed, model, files, path }) => [
      removed ? `${status}, removed` : status,
      model,
      files[0]?.replace(/^[^/]*\//, '') ?? '',
      path,
    ]);
    if (rows.length > 0) printTable(terminal, ['', 'model', 'file', 'content'], rows);
    const unknown = count('unknown') === 0 ? '' : `, ${count('unknown')} without a digest to compare with`;
    print(terminal, `${count('intact')} intact, ${bad.length} damaged or missing${unknown} in ${foldersOf(caches)}`);
  }
  const left = bad.filter(({ removed }) => !removed);
  if (left.length > 0) {
    throw new ChecksFailedError(
      `${left.length} of ${findings.length} contents are damaged or missing; run: zooid cache verify --remove, then pull again`,
    );
  }
}

/** Lists what nothing leads to any more, and removes it when told to. */
export async function cachePrune(
  { terminal, options }: CommandContext,
  { yes: remove = false }: { readonly yes?: boolean },
): Promise<void> {
  await using host = await openHost(terminal, options);
  const caches = cachesOf(host.kernel);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const removals: CacheRemoval[] = [];
  for (const cache of caches) removals.push(...(await cache.prune({ remove, signal: interruption.signal })));
  if (options.json) return printJson(terminal, removals);
  if (removals.length === 0) return print(terminal, `nothing to remove in ${foldersOf(caches)}`);
  const rows = removals.map(({ kind, model, sizeBytes, path }) => [
    kind,
    model,
    sizeBytes > 0 ? formatBytes(sizeBytes) : '',
    path,
  ]);
  printTable(terminal, ['', 'model', 'size', 'path'], rows);
  const total = formatBytes(removals.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  print(terminal, remove ? `${total} freed` : `${total} would be freed; remove it with: zooid cache prune --yes`);
}

/** @throws UnavailableError when no store keeps one. */
function cachesOf({ stores }: Kernel): readonly ModelCache[] {
  const caches = [...stores].flatMap(({ cache }) => cache ?? []);
  if (caches.length > 0) return caches;
  throw new UnavailableError(
    "'cache' needs a store plugin that keeps a cache, and no loaded plugin is one; load store-hub with --plugin or in zooid.yaml",
  );
}

const foldersOf = (caches: readonly ModelCache[]): string => caches.map(({ folder }) => folder).join(', ');

function printTable(terminal: Terminal, header: readonly string[], rows: readonly (readonly string[])[]): void {
  print(terminal, formatTable([header, ...rows], colorsOf(terminal, terminal.out).bold));
}
