import { HubStorageError } from './errors.js';

/** Runs `work` on the cache; file system errors that the user can put right say how. */
export async function onStorage<T>(cacheFolder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageError(cacheFolder, cause);
  }
}

/** `cause` itself when it is not about the file system having no room or no rights. */
export function storageError(cacheFolder: string, cause: unknown): unknown {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const hint = 'make room (zooid cache prune), or set HF_HUB_CACHE to a folder with more; what has come is kept';
    return new HubStorageError(`the disk of ${cacheFolder} is full; ${hint}`, { cause });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new HubStorageError(`${cacheFolder} cannot be written (${code}); set HF_HUB_CACHE to a folder of yours`, {
      cause,
    });
  }
  return cause;
}
