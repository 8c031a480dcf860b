import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AbortError } from '@zooid/common';

/** Digest of a content in the form that names it in the cache. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. Ends it. */
  digest(): string;
}

/** Whether `etag` is a digest of content: SHA-256 or git's SHA-1. Other names say nothing about what they name. */
export const isContentDigest = (etag: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag);

/**
 * A digest of the kind that `etag` is: SHA-256 of the bytes, or SHA-1 of `blob <size>\0` and the bytes, as git has it.
 *
 * @param sizeBytes Size of the whole content, which git's form starts with.
 */
export function contentHash(etag: string, sizeBytes: number): ContentHash {
  const hash = createHash(etag.length === 64 ? 'sha256' : 'sha1');
  if (etag.length !== 64) hash.update(`blob ${sizeBytes}\0`);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
}

/** The digest of a file in the form that `etag` has. */
export async function hashFile(path: string, etag: string, signal?: AbortSignal): Promise<string> {
  const hash = contentHash(etag, (await stat(path)).size);
  await feedFile(path, hash, signal);
  return hash.digest();
}

/** Feeds a file to `hash`, in bounded memory, and returns how many bytes it had. */
export async function feedFile(path: string, hash: ContentHash, signal?: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    AbortError.throwIfAborted(signal);
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return bytes;
}
