import { lstat, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AbortError } from '@zooid/common';
import { filesByContent } from './cache-check.js';
import { type CachedRepo, cachedRepos, lockSuffix, partialSuffix, snapshotFiles } from './cache-layout.js';
import { isLocked, tryLock } from './lock.js';

/** Something that a prune takes away, or would. */
export interface Removal {
  readonly model: string;
  readonly kind: 'revision' | 'content' | 'partial download' | 'lock';
  /** Absolute. */
  readonly path: string;
  /** Room it gives back; contents are counted by themselves, so a revision has none. */
  readonly sizeBytes: number;
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: false, which only tells. */
  readonly remove?: boolean;
}

/** A partial download of another program says nothing about who writes it: for this long after a change somebody may. */
const foreignIdleMs = 60 * 60 * 1000;

/**
 * Finds what nothing leads to: revisions that no branch or tag names, contents that no remaining revision uses, what broken
 * transfers left, locks of the dead. What another process holds a lock on is left alone.
 */
export async function pruneCache(cacheFolder: string, options: PruneOptions = {}): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const repo of await cachedRepos(cacheFolder)) {
    AbortError.throwIfAborted(options.signal);
    removals.push(...(await pruneRepo(repo, options)));
  }
  return removals;
}

async function pruneRepo(repo: CachedRepo, options: PruneOptions): Promise<Removal[]> {
  const remove = options.remove ?? false;
  const removals: Removal[] = await pruneLocks(repo, remove);
  const named = new Set((await repo.readRefs()).values());
  const goneCommits = new Set<string>();
  for (const commit of await repo.commits()) {
    if (named.has(commit)) continue;
    await unlessBusy(repo.lock(commit), remove, async () => {
      goneCommits.add(commit);
      removals.push({ model: repo.repo, kind: 'revision', path: repo.snapshot(commit), sizeBytes: 0 });
      if (!remove) return;
      await rm(repo.snapshot(commit), { recursive: true, force: true });
      await rm(repo.tree(commit), { force: true });
    });
  }
  removals.push(...(await pruneContents(repo, goneCommits, options)));
  if (remove) await removeWhenEmpty(repo);
  return removals;
}

async function pruneContents(
  repo: CachedRepo,
  goneCommits: ReadonlySet<string>,
  { signal, remove = false }: PruneOptions,
): Promise<Removal[]> {
  const used = await usedContents(repo, goneCommits);
  const removals: Removal[] = [];
  for (const name of (await readdir(repo.blobs).catch(() => [])).sort()) {
    AbortError.throwIfAborted(signal);
    const path = join(repo.blobs, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || used.has(name) || found.isDirectory()) continue;
    const partial = name.endsWith('.incomplete');
    const foreign = partial && !name.endsWith(partialSuffix);
    if (foreign && Date.now() - found.mtimeMs < foreignIdleMs) continue;
    await unlessBusy(repo.lock(name.replace(/\..*$/, '')), remove, async () => {
      // A pull links a content to its snapshot under the lock we now hold; it may just have done so.
      if (remove && (await usedContents(repo, goneCommits)).has(name)) return;
      removals.push({ model: repo.repo, kind: partial ? 'partial download' : 'content', path, sizeBytes: found.size });
      if (remove) await rm(path, { force: true });
    });
  }
  return removals;
}

async function usedContents(repo: CachedRepo, goneCommits: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const users = await filesByContent(repo);
  return new Set(
    [...users].filter(([, files]) => files.some(({ commit }) => !goneCommits.has(commit))).map(([etag]) => etag),
  );
}

/** Locks of the dead. Python's stay: one that is removed while held would split those who wait for it. */
async function pruneLocks(repo: CachedRepo, remove: boolean): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const name of (await readdir(repo.locks).catch(() => [])).sort()) {
    if (!name.endsWith(lockSuffix)) continue;
    const path = join(repo.locks, name);
    const { size: sizeBytes } = await stat(path).catch(() => ({ size: 0 }));
    // Taking over the lock of a dead process and giving it back is what removes it.
    await unlessBusy(path, remove, async () => void removals.push({ model: repo.repo, kind: 'lock', path, sizeBytes }));
  }
  return removals;
}

/** Runs `work` unless another process holds the lock; when something is to be removed, it is ours meanwhile. */
async function unlessBusy(path: string, remove: boolean, work: () => Promise<void>): Promise<void> {
  if (!remove) {
    if (!(await isLocked(path))) await work();
    return;
  }
  await using lock = await tryLock(path);
  if (lock !== undefined) await work();
}

/** A repository without a revision says nothing any more. */
async function removeWhenEmpty(repo: CachedRepo): Promise<void> {
  for (const commit of await repo.commits()) if ((await snapshotFiles(repo, commit)).length > 0) return;
  if ((await readdir(repo.blobs).catch(() => [])).length > 0) return;
  await rm(repo.folder, { recursive: true, force: true });
  await rmdir(repo.locks).catch(() => {});
  await rmdir(dirname(repo.locks)).catch(() => {});
}
