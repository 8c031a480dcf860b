import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortError } from '@zooid/common';
import { type CachedRepo, cachedRepos, type SnapshotFile, snapshotFiles } from './cache-layout.js';
import { hashFile, isContentDigest } from './content-hash.js';

/** What is known of one stored content. */
export interface ContentFinding {
  /** `org/name`. */
  readonly model: string;
  /** Absolute path of the content; of the link, when there is no content. */
  readonly path: string;
  /** Paths in snapshots that mean it: `<commit>/<path>`. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
  readonly status: 'intact' | 'damaged' | 'missing' | 'unknown';
  readonly removed: boolean;
}

/** One revision of a model in the cache. */
export interface CachedRevision {
  readonly id: string;
  readonly revision: string;
  readonly refs: readonly string[];
  readonly files: number;
  readonly sizeBytes: number;
  readonly modified: string;
  readonly folder: string;
}

/** Revisions of all models, by model and commit. Data sets and other things that Python keeps there are left out. */
export async function listCache(cacheFolder: string): Promise<CachedRevision[]> {
  const revisions: CachedRevision[] = [];
  for (const repo of await cachedRepos(cacheFolder)) {
    const refs = [...(await repo.readRefs())];
    for (const commit of await repo.commits()) {
      const files = await snapshotFiles(repo, commit);
      revisions.push({
        id: repo.repo,
        revision: commit,
        refs: refs.filter(([, target]) => target === commit).map(([name]) => name),
        files: files.length,
        sizeBytes: files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
        modified: new Date(Math.max(0, ...files.map(({ modifiedMs }) => modifiedMs))).toISOString(),
        folder: repo.snapshot(commit),
      });
    }
  }
  return revisions;
}

/** Files of all snapshots by the content they mean. */
export async function filesByContent(repo: CachedRepo): Promise<Map<string, (SnapshotFile & { commit: string })[]>> {
  const users = new Map<string, (SnapshotFile & { commit: string })[]>();
  for (const commit of await repo.commits()) {
    for (const file of await snapshotFiles(repo, commit)) {
      if (file.etag === undefined) continue;
      users.set(file.etag, [...(users.get(file.etag) ?? []), { ...file, commit }]);
    }
  }
  return users;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Removes what is damaged, and links that lead nowhere, so that the next pull fetches them anew. Default: false. */
  readonly remove?: boolean;
}

/** Computes the digest of every stored content and compares it with its name; yields as it goes. */
export async function* verifyCache(
  cacheFolder: string,
  options: VerifyOptions = {},
): AsyncGenerator<ContentFinding, void, undefined> {
  for (const repo of await cachedRepos(cacheFolder)) yield* verifyRepo(repo, options);
}

/** The same for one repository, and there for the contents that `only` says; default: all. */
export async function* verifyRepo(
  repo: CachedRepo,
  { signal, remove = false, only = () => true }: VerifyOptions & { readonly only?: (etag: string) => boolean } = {},
): AsyncGenerator<ContentFinding, void, undefined> {
  const users = await filesByContent(repo);
  const names = await readdir(repo.blobs).catch(() => []);
  const stored = names.filter((name) => !name.endsWith('.incomplete') && !name.startsWith('.'));
  for (const etag of [...new Set([...stored, ...users.keys()])].sort()) {
    AbortError.throwIfAborted(signal);
    if (!only(etag)) continue;
    const path = repo.blob(etag);
    const links = users.get(etag) ?? [];
    const found = await stat(path).catch(() => undefined);
    const status =
      found === undefined
        ? 'missing'
        : !isContentDigest(etag)
          ? 'unknown'
          : (await hashFile(path, etag, signal)) === etag
            ? 'intact'
            : 'damaged';
    const removed = remove && (status === 'missing' || status === 'damaged');
    if (removed) {
      for (const link of links) await rm(join(repo.snapshot(link.commit), link.path), { force: true });
      await rm(path, { force: true });
    }
    const files = links.map(({ commit, path: file }) => `${commit}/${file}`);
    yield { model: repo.repo, path, files, sizeBytes: found?.size ?? 0, status, removed };
  }
}
