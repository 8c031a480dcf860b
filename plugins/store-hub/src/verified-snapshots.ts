import {
  type CachedRepo,
  folderFingerprint,
  HubIntegrityError,
  type ModelFolder,
  readModelFolder,
  sha256,
  snapshotFiles,
  verifyRepo,
} from '@zooid/hub';

export interface VerifiedSnapshot extends ModelFolder {
  /** Names the content: changes when a file is added, removed or exchanged within the commit. */
  readonly content: string;
  /** Whether it had to be read: what is odd about it has not been said yet. */
  readonly isNew: boolean;
}

/** Snapshots that were compared with their digests; one that has not changed since is not read again. */
export class VerifiedSnapshots {
  private readonly known = new Map<string, { readonly fingerprint: string; readonly snapshot: VerifiedSnapshot }>();

  /**
   * Compares the files with the manifest, or without one with the digests that name them in the cache.
   *
   * @throws IntegrityError, HubIntegrityError naming the file.
   */
  async open(repo: CachedRepo, commit: string, signal: AbortSignal | undefined): Promise<VerifiedSnapshot> {
    const folder = repo.snapshot(commit);
    // Taken before reading: a change while the files are read makes the next call verify again.
    const fingerprint = await folderFingerprint(folder);
    const known = this.known.get(folder);
    if (known?.fingerprint === fingerprint) return { ...known.snapshot, isNew: false };
    const files = await snapshotFiles(repo, commit);
    let model = await readModelFolder(folder, { verify: false });
    if (model.manifest !== undefined) {
      model = await readModelFolder(folder, { verify: true, ...(signal !== undefined && { signal }) });
    } else await verifyContents(repo, new Set(files.map(({ etag }) => etag)), signal);
    const lines = files.map(({ path, etag, sizeBytes }) => `${etag ?? sizeBytes} ${path}\n`);
    const snapshot = { ...model, content: sha256(lines.join('')).slice(0, 12), isNew: true };
    this.known.set(folder, { fingerprint, snapshot });
    return snapshot;
  }
}

async function verifyContents(
  repo: CachedRepo,
  contents: ReadonlySet<string | undefined>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const { status, path, files } of verifyRepo(repo, { signal, only: (etag) => contents.has(etag) })) {
    if (status !== 'damaged' && status !== 'missing') continue;
    const file = files[0]?.replace(/^[^/]*\//, '') ?? path;
    throw new HubIntegrityError(`${file} is ${status === 'missing' ? 'not there' : 'not what its digest says'}`);
  }
}
