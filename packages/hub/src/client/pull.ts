import { mkdir, stat, statfs } from 'node:fs/promises';
import type { TransferEvent } from '@zooid/common';
import { manifestFile } from '../model-folder/manifest.js';
import { readManifest } from '../model-folder/read-model-folder.js';
import { type CachedRepo, snapshotFiles } from './cache-layout.js';
import { type HubFile, refuseCollisions } from './checked-listing.js';
import { HubError, HubStorageError } from './errors.js';
import { fetchBlob } from './fetch-blob.js';
import { matchesAny } from './file-patterns.js';
import { inParallel } from './in-parallel.js';
import { acquireLock } from './lock.js';
import { defaultRevision } from './reference.js';
import { listFiles } from './repository.js';
import { type FilePatterns, selectFiles } from './select-files.js';
import { onStorage } from './storage-error.js';
import type { HubTransport } from './transport.js';
import { readTree, writeTree } from './tree-file.js';

export interface PullRequest extends FilePatterns {
  readonly repo: CachedRepo;
  /** See `resolveCommit`. */
  readonly commit: string;
  /** What the user called the commit; remembered, so that it is found offline. */
  readonly revision?: string | undefined;
  /** Files at a time. Default: 4. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: TransferEvent) => void) | undefined;
}

export interface Snapshot {
  readonly commit: string;
  /** Absolute; read-only, since it is shared. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that came over the network. */
  readonly fetchedBytes: number;
}

/**
 * Brings the chosen files of a commit into the cache. What is there is not fetched again; when nothing is missing, nothing is
 * locked or written, so a read-only cache will do. Of several processes that pull the same, one fetches and the others wait.
 *
 * @throws HubError of the kind that fits, AbortError. What has come stays, and the next pull goes on with it.
 */
export async function pullSnapshot(transport: HubTransport, request: PullRequest): Promise<Snapshot> {
  const { repo, commit, revision = defaultRevision, signal, progress } = request;
  const context = { signal, onEvent: progress };
  const tree = await readTree(repo, commit);
  const listing = tree ?? (await listFiles(transport, repo.repo, commit, context));
  if (tree === undefined) await writeTree(repo, commit, listing).catch(() => {}); // a convenience for offline use

  let { files, fetchedBytes } = await withManifest(transport, request, listing);
  if (files.length === 0) {
    throw new HubError(`'${repo.repo}' has no file that fits; it holds ${namesOf(listing)}`);
  }
  refuseCollisions(files, repo.repo);
  const bytes = sumOf(files);
  progress?.({ type: 'plan', model: repo.repo, revision: commit, files: files.length, bytes });
  fetchedBytes += await fetchFiles(transport, request, files);
  await repo.writeRef(revision, commit).catch((error: unknown) => {
    // The files are there all the same, and a shared cache may be readable only.
    if (fetchedBytes > 0) throw error;
  });
  return { commit, folder: repo.snapshot(commit), files: files.length, bytes, fetchedBytes };
}

/** The files to fetch; the manifest of a model of ours comes first, since it says which they are. */
async function withManifest(
  transport: HubTransport,
  request: PullRequest,
  listing: readonly HubFile[],
): Promise<{ files: readonly HubFile[]; fetchedBytes: number }> {
  const manifest = request.include === undefined && listing.find(({ path }) => path === manifestFile);
  const quiet = { ...request, progress: undefined };
  const fetchedBytes = manifest ? await fetchFiles(transport, quiet, [manifest]) : 0;
  return { files: await chosenFiles(request, listing), fetchedBytes };
}

/**
 * The files of a listing that a pull is about. A model of ours names its own in `zooid.json`, which must be in the snapshot:
 * those and the card, unless the caller chooses; of all others, see `selectFiles`.
 *
 * @throws ModelFolderError, IntegrityError when the manifest cannot be used.
 */
export async function chosenFiles(
  { repo, commit, include, exclude = [] }: Pick<PullRequest, 'repo' | 'commit' | 'include' | 'exclude'>,
  listing: readonly HubFile[],
): Promise<readonly HubFile[]> {
  const ours = include === undefined && listing.some(({ path }) => path === manifestFile);
  const manifest = ours ? await readManifest(repo.snapshot(commit)) : undefined;
  if (manifest === undefined) return selectFiles(listing, { exclude, ...(include !== undefined && { include }) });
  const own = new Set([manifestFile, 'README.md', ...manifest.files.map(({ path }) => path)]);
  return listing.filter(({ path }) => own.has(path) && !matchesAny(path, exclude));
}

/** @returns Bytes that came over the network. */
async function fetchFiles(transport: HubTransport, request: PullRequest, files: readonly HubFile[]): Promise<number> {
  const { repo, commit, signal, progress } = request;
  const absent = await missingFiles(repo, commit, files);
  const report = (file: HubFile, cached: boolean) =>
    progress?.({ type: 'file', file: file.path, bytes: file.sizeBytes, cached });
  for (const file of files) if (!absent.includes(file)) report(file, true);
  if (absent.length === 0) return 0;

  await onStorage(repo.cacheFolder, () => mkdir(repo.snapshot(commit), { recursive: true }));
  const onWait = (holder: string) =>
    progress?.({ type: 'waiting', reason: `${holder} is fetching '${repo.repo}'; waiting for it` });
  await using _ = await onStorage(repo.cacheFolder, () => acquireLock(repo.lock(commit), { signal, onWait }));
  const left = await missingFiles(repo, commit, absent); // another process may have fetched them meanwhile
  for (const file of absent) if (!left.includes(file)) report(file, true);
  await refuseWithoutRoom(repo, left);

  let fetchedBytes = 0;
  await inParallel(byContent(left), request.concurrency ?? 4, signal, async (same, stop) => {
    const [file] = same;
    await using lock = await acquireLock(repo.lock(file.etag), { signal: stop, onWait });
    const cached = await hasBlob(repo, file);
    if (!cached) {
      const fresh = lock.afterSilence;
      const bytes = await fetchBlob({ transport, repo, commit, file, fresh, signal: stop, onEvent: progress });
      fetchedBytes += bytes; // apart from the await: others add to it meanwhile
    }
    // Under the lock, so that no prune takes the content for unused before it has its name in the snapshot.
    await onStorage(repo.cacheFolder, async () => {
      for (const { path, etag } of same) await repo.link(commit, path, etag);
    });
    for (const each of same) report(each, cached);
  });
  return fetchedBytes;
}

/** Those of `files` that the snapshot does not have in full. */
export async function missingFiles(repo: CachedRepo, commit: string, files: readonly HubFile[]): Promise<HubFile[]> {
  const there = new Map((await snapshotFiles(repo, commit)).map((file) => [file.path, file]));
  return files.filter(({ path, etag, sizeBytes }) => {
    const found = there.get(path);
    // Where links do not work the file itself lies there, and only its size tells.
    return found === undefined || found.sizeBytes !== sizeBytes || (found.etag !== undefined && found.etag !== etag);
  });
}

async function hasBlob(repo: CachedRepo, { etag, sizeBytes }: HubFile): Promise<boolean> {
  const found = await stat(repo.blob(etag)).catch(() => undefined);
  return found?.isFile() === true && found.size === sizeBytes;
}

/** A disk that is full after an hour is better found full before. */
async function refuseWithoutRoom(repo: CachedRepo, files: readonly HubFile[]): Promise<void> {
  let needed = 0;
  for (const [file] of byContent(files)) {
    if (await hasBlob(repo, file)) continue;
    const partial = await stat(repo.partial(file.etag)).catch(() => undefined);
    needed += Math.max(0, file.sizeBytes - (partial?.size ?? 0));
  }
  const disk = await statfs(repo.cacheFolder).catch(() => undefined);
  const free = disk === undefined ? Number.POSITIVE_INFINITY : disk.bavail * disk.bsize;
  if (needed > free) {
    const hint = 'make room (zooid cache prune), set HF_HUB_CACHE to another disk, or choose files with --include';
    throw new HubStorageError(
      `'${repo.repo}' needs ${needed} bytes, and ${repo.cacheFolder} has ${free} free; ${hint}`,
    );
  }
}

type NonEmpty<T> = readonly [T, ...T[]];

/** Files with the same content are one to fetch. */
function byContent(files: readonly HubFile[]): NonEmpty<HubFile>[] {
  const groups = new Map<string, [HubFile, ...HubFile[]]>();
  for (const file of files) {
    const group = groups.get(file.etag);
    if (group === undefined) groups.set(file.etag, [file]);
    else group.push(file);
  }
  return [...groups.values()];
}

const sumOf = (files: readonly HubFile[]) => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function namesOf(files: readonly HubFile[]): string {
  const names = files.slice(0, 20).map(({ path }) => path);
  return names.length === 0 ? 'nothing' : names.join(', ') + (files.length > 20 ? ' …' : '');
}
