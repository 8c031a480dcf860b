import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../atomic-file.js';
import type { CachedRepo } from './cache-layout.js';
import { checkEntry, type HubFile } from './checked-listing.js';

/** The only form so far; Python leaves files of another alone, and so do we. */
const formatVersion = 1;

/** The listing of a commit as huggingface_hub 2 keeps it too: `trees/<commit>.json`. `undefined` when there is none to use. */
export async function readTree(repo: CachedRepo, commit: string): Promise<HubFile[] | undefined> {
  try {
    const { format_version: version, files } = JSON.parse(await readFile(repo.tree(commit), 'utf8'));
    if (version !== formatVersion || typeof files !== 'object') return undefined;
    return Object.entries<Record<string, unknown>>(files).map(
      ([path, { size, blob_id: oid, lfs_sha256, lfs_size }]) => {
        const lfs = lfs_sha256 === undefined || lfs_sha256 === null ? undefined : { oid: lfs_sha256, size: lfs_size };
        return checkEntry({ type: 'file', path, size, oid, lfs }, repo.repo)!;
      },
    );
  } catch {
    // A convenience only: without it the Hub is asked, or what lies in the snapshot has to do.
    return undefined;
  }
}

export async function writeTree(repo: CachedRepo, commit: string, files: readonly HubFile[]): Promise<void> {
  const entries = files.map(({ path, sizeBytes, etag, blobId }) => [
    path,
    {
      size: sizeBytes,
      blob_id: blobId,
      ...(etag !== blobId && { lfs_sha256: etag, lfs_size: sizeBytes }),
    },
  ]);
  const content = { format_version: formatVersion, files: Object.fromEntries(entries) };
  await writeFileAtomically(repo.tree(commit), [Buffer.from(JSON.stringify(content, undefined, 1))]);
}
