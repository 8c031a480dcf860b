import { copyFile, mkdir, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { writeFileAtomically } from '../atomic-file.js';
import { isCommit } from './reference.js';

/** Where things of one repository lie in the cache; the layout is that of Python's huggingface_hub. */
export class CachedRepo {
  /** `models--org--name`. */
  readonly folder: string;
  /** Locks lie outside the repository's folder, which may be removed while one is held. */
  readonly locks: string;

  constructor(
    readonly cacheFolder: string,
    readonly repo: string,
  ) {
    const name = `models--${repo.replaceAll('/', '--')}`;
    this.folder = join(cacheFolder, name);
    this.locks = join(cacheFolder, '.locks', name);
  }

  get blobs(): string {
    return join(this.folder, 'blobs');
  }

  get snapshots(): string {
    return join(this.folder, 'snapshots');
  }

  get refs(): string {
    return join(this.folder, 'refs');
  }

  blob(etag: string): string {
    return join(this.blobs, etag);
  }

  /**
   * What has come of a content so far. Not Python's `<etag>.incomplete`: versions of it append to that name under a lock that
   * we cannot see, and two writers would spoil it.
   */
  partial(etag: string): string {
    return join(this.blobs, `${etag}${partialSuffix}`);
  }

  snapshot(commit: string): string {
    return join(this.snapshots, commit);
  }

  /** Listing of a commit, as Python keeps it. */
  tree(commit: string): string {
    return join(this.folder, 'trees', `${commit}.json`);
  }

  /** @param name Etag of a content, or a commit for a whole snapshot. */
  lock(name: string): string {
    return join(this.locks, `${name}${lockSuffix}`);
  }

  /** The commit that `revision` named when it was last fetched. */
  async readRef(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await readFile(join(this.refs, revision), 'utf8').catch(() => undefined);
    const commit = text?.trim();
    return commit !== undefined && isCommit(commit) ? commit : undefined;
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (isCommit(revision) || (await this.readRef(revision)) === commit) return;
    await writeFileAtomically(join(this.refs, revision), [Buffer.from(commit)]);
  }

  /** Every ref by name, `refs/pr/1` included. */
  async readRefs(): Promise<Map<string, string>> {
    const refs = new Map<string, string>();
    const entries = await readdir(this.refs, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      const name = relative(this.refs, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
      const commit = await this.readRef(name);
      if (commit !== undefined) refs.set(name, commit);
    }
    return refs;
  }

  /** Commits that have a snapshot folder, sorted. */
  async commits(): Promise<string[]> {
    const names = await readdir(this.snapshots).catch(() => []);
    return names.filter(isCommit).sort();
  }

  /** Makes `path` in a snapshot mean the content `etag`; relative, so that a cache can be moved. */
  async link(commit: string, path: string, etag: string): Promise<void> {
    const link = join(this.snapshot(commit), path);
    const target = relative(dirname(link), this.blob(etag));
    if ((await readlink(link).catch(() => undefined)) === target) return;
    await mkdir(dirname(link), { recursive: true });
    await rm(link, { force: true });
    try {
      await symlink(target, link);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EEXIST') return; // another process did the same between the two calls
      if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP') throw cause;
      // File systems and Windows accounts without links get a copy, as Python makes there.
      await copyFile(this.blob(etag), link);
    }
  }
}

/** Every repository of models in the cache, by name. */
export async function cachedRepos(cacheFolder: string): Promise<CachedRepo[]> {
  const names = await readdir(cacheFolder).catch(() => []);
  return names
    .sort()
    .map((name) => /^models--([^/]+?)--([^/]+)$/.exec(name))
    .flatMap((match) => (match === null ? [] : [new CachedRepo(cacheFolder, `${match[1]}/${match[2]}`)]));
}

export const partialSuffix = '.zooid.incomplete';
export const lockSuffix = '.zooid.lock';

/** One file of a snapshot. */
export interface SnapshotFile {
  /** Relative to the snapshot, with `/`. */
  readonly path: string;
  /** Name of the content it links to; absent for an ordinary file. */
  readonly etag?: string;
  /** Absent when the content is not there. */
  readonly sizeBytes?: number;
  readonly modifiedMs: number;
}

/** Files of a snapshot, by path. Links that lead anywhere but to the repository's contents are left out. */
export async function snapshotFiles(repo: CachedRepo, commit: string): Promise<SnapshotFile[]> {
  const root = repo.snapshot(commit);
  const files: SnapshotFile[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(root, absolute).replaceAll('\\', '/');
    const found = await stat(absolute).catch(() => undefined);
    const { size: sizeBytes, mtimeMs: modifiedMs } = found ?? { mtimeMs: 0 };
    if (entry.isSymbolicLink()) {
      const target = await readlink(absolute);
      const etag = basename(target);
      if (resolve(dirname(absolute), target) !== repo.blob(etag)) continue;
      files.push({ path, etag, modifiedMs, ...(sizeBytes !== undefined && { sizeBytes }) });
    } else if (entry.isFile()) {
      files.push({ path, modifiedMs, ...(sizeBytes !== undefined && { sizeBytes }) });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
