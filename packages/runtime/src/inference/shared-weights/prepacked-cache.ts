import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile } from './digest-file.js';
import { fileState, type SharedModel } from './shared-model.js';

/** Names of the files of an entry. */
export const graphFile = 'model.onnx';
export const weightsFile = 'weights.bin';
const manifestFile = 'digests.json';

/** What a writer that died left behind is removed after this long. */
const ABANDONED_MS = 60 * 60 * 1000;
const DRAFT = '.draft-';

type Digests = Readonly<Record<string, string>>;

/**
 * A folder of prepacked models, one folder each by key. Entries appear complete or not at all, and are never changed, so
 * any number of processes may use it at once; whoever finds an entry that is not what its digests say removes it.
 */
export class PrepackedCache {
  constructor(private readonly folder: string) {}

  /** A verified entry, or `undefined` when there is none that is intact. */
  async find(key: string): Promise<SharedModel | undefined> {
    const entry = join(this.folder, key);
    try {
      const digests = JSON.parse(await readFile(join(entry, manifestFile), 'utf8')) as Digests;
      const paths = Object.keys(digests).map((name) => join(entry, name));
      // Before the digests: what changes while they are computed is noticed when the files are opened.
      const files = await Promise.all(paths.map(fileState));
      for (const [i, digest] of Object.values(digests).entries()) {
        if ((await digestFile(paths[i]!)) !== digest) throw new Error(`${paths[i]} is damaged`);
      }
      if (digests[graphFile] === undefined) throw new Error(`${entry} has no graph`);
      const now = new Date();
      // Only for the order in which entries are pruned.
      await utimes(join(entry, manifestFile), now, now).catch(() => {});
      return { model: join(entry, graphFile), files };
    } catch {
      await this.discard(entry);
      return undefined;
    }
  }

  /**
   * Adds an entry.
   *
   * @param write puts the graph and its weights into the folder it is given
   * @returns the verified entry: this one, or the one of another process that was faster
   * @throws errors of the file system
   */
  async add(key: string, write: (draft: string) => Promise<void>): Promise<SharedModel> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const draft = await mkdtemp(join(this.folder, DRAFT));
    try {
      await write(draft);
      const digests: Record<string, string> = {};
      for (const name of await readdir(draft)) digests[name] = await digestFile(join(draft, name));
      await writeFile(join(draft, manifestFile), JSON.stringify(digests));
      await rename(draft, join(this.folder, key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'EPERM') throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    const entry = await this.find(key);
    if (entry === undefined) throw new Error(`${join(this.folder, key)} is not what was written there`);
    return entry;
  }

  /**
   * Makes room for an entry of about so many bytes: removes what was used longest ago until all fit into `maxBytes`.
   *
   * @throws Error when an entry of that size may not be, or cannot be, written.
   */
  async makeRoom(bytes: number, maxBytes: number): Promise<void> {
    if (bytes > maxBytes) {
      throw new Error(
        `a prepacked copy takes about ${megabytes(bytes)}, and all of them may take ${megabytes(maxBytes)}; allow more, or share no weights`,
      );
    }
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.prune(maxBytes - bytes);
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize < bytes) {
      throw new Error(
        `${this.folder} has ${megabytes(bavail * bsize)} left, and a prepacked copy takes about ${megabytes(bytes)}`,
      );
    }
  }

  /** Removes what was used longest ago until the rest fits, and what writers left behind. */
  private async prune(maxBytes: number): Promise<void> {
    const entries = [];
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const usedMs = await lastUse(path);
      if (name.startsWith(DRAFT)) {
        if (Date.now() - usedMs > ABANDONED_MS) await this.discard(path);
      } else entries.push({ path, usedMs, bytes: await folderBytes(path) });
    }
    let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes } of entries.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= maxBytes) break;
      await this.discard(path);
      total -= bytes;
    }
  }

  /** Out of the way at once, so that nobody opens half an entry. Where files are in use, systems may refuse. */
  private async discard(entry: string): Promise<void> {
    const away = join(this.folder, `${DRAFT}${process.pid}-${Date.now().toString(36)}`);
    await rename(entry, away).then(
      () => rm(away, { recursive: true, force: true }),
      () => {},
    );
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

async function lastUse(entry: string): Promise<number> {
  const of = (path: string) =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  return Math.max(await of(entry), await of(join(entry, manifestFile)));
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((a, b) => a + b, 0);
}
