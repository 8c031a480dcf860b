import { isSafeRelativePath } from '../model-folder/file-list.js';
import { HubListingError } from './errors.js';

/** One file of a repository at one commit. */
export interface HubFile {
  /** Relative to the repository, with `/`; checked. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Names the content: SHA-256 of large files, git's SHA-1 of the others, both in lower-case hex. */
  readonly etag: string;
  /** Git's SHA-1 of the file, or of the pointer that stands for it. */
  readonly blobId: string;
}

/** More files than this no model has; a listing that goes on is not read to its end. */
export const maxFiles = 100_000;

/** As Windows reserves them, with any extension. */
const reservedName = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * Checks one entry of a repository's listing, which anyone may have made: a path must stay inside the folder and mean the
 * same file on every system, sizes and digests must be such.
 *
 * @returns `undefined` for folders.
 * @throws HubListingError naming the entry.
 */
export function checkEntry(entry: unknown, repo: string): HubFile | undefined {
  const refuse = (problem: string): never => {
    throw new HubListingError(`'${repo}' ${problem}; its files are not fetched, tell the owner of the repository`);
  };
  if (typeof entry !== 'object' || entry === null) return refuse('has a listing that is not one of files');
  const { type, path, size, oid, lfs } = entry as Record<string, unknown>;
  if (type === 'directory') return undefined;
  const problem = pathProblem(path);
  if (problem !== undefined || typeof path !== 'string') {
    return refuse(`lists a file named ${JSON.stringify(path)?.slice(0, 200)}, ${problem}`);
  }
  const large = typeof lfs === 'object' && lfs !== null ? (lfs as Record<string, unknown>) : undefined;
  const sizeBytes = large?.size ?? size;
  if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0) return refuse(`gives no size for '${path}'`);
  if (typeof oid !== 'string' || !/^[0-9a-f]{40}$/.test(oid)) return refuse(`gives no digest for '${path}'`);
  const etag = large === undefined ? oid : large.oid;
  if (typeof etag !== 'string' || !(large === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(etag)) {
    return refuse(`gives no digest for '${path}'`);
  }
  return { path, sizeBytes: sizeBytes as number, etag, blobId: oid };
}

/** What is wrong with a path, if anything. */
export function pathProblem(path: unknown): string | undefined {
  if (!isSafeRelativePath(path)) return 'which leads out of the folder or is no path on some systems';
  for (const part of path.split('/')) {
    if (Buffer.byteLength(part) > 255) return 'a part of which is longer than file systems allow';
    if (reservedName.test(part)) return 'a name that Windows reserves';
    if (/[<>"|?*]|[ .]$/.test(part)) return 'a name that Windows does not allow';
    if (/\p{Surrogate}/u.test(part)) return 'which is not well-formed Unicode';
    if (part.toLowerCase() === '.git') return 'which is a place of git';
  }
  return undefined;
}

/**
 * Refuses files that would overwrite each other: the same path twice, paths that differ only in case or in Unicode form
 * (one file on macOS and Windows), a file where another needs a folder.
 *
 * @param files Those that are to be fetched.
 * @throws HubListingError naming both.
 */
export function refuseCollisions(files: readonly HubFile[], repo: string): void {
  const seen = new Map<string, string>();
  const folded = (path: string) => path.normalize('NFC').toLowerCase();
  for (const { path } of files) {
    const other = seen.get(folded(path));
    if (other !== undefined) refuseBoth(repo, other, path);
    seen.set(folded(path), path);
  }
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const file = seen.get(folded(path.slice(0, slash)));
      if (file !== undefined) refuseBoth(repo, file, path);
    }
  }
}

function refuseBoth(repo: string, one: string, other: string): never {
  throw new HubListingError(
    `'${repo}' lists '${one}' and '${other}', which are one place on many systems; fetch one of them with --include or leave one out with --exclude`,
  );
}
