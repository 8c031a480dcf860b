import type { TransferEvent } from '@zooid/common';
import { CachedRepo, cachedRepos } from './cache-layout.js';
import {
  HubAccessError,
  type HubError,
  HubNotFoundError,
  HubOfflineError,
  HubRateLimitError,
  HubUnavailableError,
} from './errors.js';
import { chosenFiles, missingFiles, pullSnapshot, type Snapshot } from './pull.js';
import { defaultRevision, type HubReference } from './reference.js';
import { resolveCommit } from './repository.js';
import type { FilePatterns } from './select-files.js';
import type { HubTransport } from './transport.js';
import { readTree } from './tree-file.js';

export interface SnapshotRequest extends FilePatterns {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: TransferEvent) => void) | undefined;
  /** Files at a time. Default: 4. */
  readonly concurrency?: number;
  /** Hears why the Hub could not be asked when the cache has to do, which may be behind. Absent: that is an error. */
  readonly onFallback?: (reason: HubError) => void;
}

/**
 * The newest content of `reference`, in the cache. Offline, or when the commit is named and there, nothing is sent.
 *
 * @throws HubOfflineError when the network must not be used and the cache does not have it; else as `pullSnapshot`.
 */
export async function openSnapshot(
  transport: HubTransport,
  { repo: name, revision }: HubReference,
  request: SnapshotRequest = {},
): Promise<Snapshot> {
  const { cacheFolder, offline } = transport.settings;
  const repo = new CachedRepo(cacheFolder, name);
  const known = await repo.readRef(revision ?? defaultRevision);
  const cached = known === undefined ? undefined : await cachedSnapshot(repo, known, request);
  const ready = cached !== undefined && cached.missing?.length === 0 ? cached.snapshot : undefined;
  if (offline) return ready ?? withoutHub(repo, revision, cached);
  if (ready !== undefined && ready.commit === revision) return ready;
  const { onFallback } = request;
  const usable = cached?.missing === undefined ? cached?.snapshot : ready;
  try {
    const hasty = usable !== undefined && onFallback !== undefined;
    const context = { signal: request.signal, onEvent: request.progress, hasty };
    const commit = await resolveCommit(transport, name, revision, context);
    return await pullSnapshot(transport, { ...request, repo, commit, revision });
  } catch (error) {
    if (usable === undefined || onFallback === undefined || !mayPass(error)) throw error;
    onFallback(error);
    return usable;
  }
}

interface Cached {
  readonly snapshot: Snapshot;
  /** Chosen files that are not there; `undefined` when no listing says which there should be. */
  readonly missing?: readonly string[];
}

/** What the cache has of a commit, if anything. */
async function cachedSnapshot(repo: CachedRepo, commit: string, patterns: FilePatterns): Promise<Cached | undefined> {
  if (!(await repo.commits()).includes(commit)) return undefined;
  const folder = repo.snapshot(commit);
  const listing = await readTree(repo, commit);
  if (listing === undefined) {
    // Fetched by something that keeps no listings: what is there has to be taken for all there is.
    return { snapshot: { commit, folder, files: 0, bytes: 0, fetchedBytes: 0 } };
  }
  const files = await chosenFiles({ repo, commit, ...patterns }, listing);
  const missing = await missingFiles(repo, commit, files);
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    snapshot: { commit, folder, files: files.length, bytes, fetchedBytes: 0 },
    missing: missing.map(({ path }) => path),
  };
}

async function withoutHub(
  repo: CachedRepo,
  revision: string | undefined,
  cached: Cached | undefined,
): Promise<Snapshot> {
  const name = revision === undefined ? repo.repo : `${repo.repo}@${revision}`;
  if (cached?.missing !== undefined) {
    const lacking = cached.missing.slice(0, 5).join(', ');
    throw new HubOfflineError(
      `HF_HUB_OFFLINE is set, and of '${name}' the cache ${repo.cacheFolder} lacks ${lacking}; unset it and run: zooid pull ${name}`,
    );
  }
  if (cached !== undefined) return cached.snapshot;
  const others = (await cachedRepos(repo.cacheFolder)).map((other) => other.repo).slice(0, 10);
  const held = others.length === 0 ? 'it holds no models' : `it holds ${others.join(', ')}`;
  throw new HubOfflineError(
    `HF_HUB_OFFLINE is set, and '${name}' is not in the cache ${repo.cacheFolder} (${held}); unset it to fetch from the Hub`,
  );
}

/** Whether the reason lies with the Hub or the way to it, and not with what was asked for. */
function mayPass(error: unknown): error is HubError {
  return (
    error instanceof HubUnavailableError ||
    error instanceof HubRateLimitError ||
    error instanceof HubAccessError ||
    (error instanceof HubNotFoundError && error.what === 'repository')
  );
}
