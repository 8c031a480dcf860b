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
  const { size } = await stat(path);
  const hash = contentHash(etag, size);
  await feedFile(path, size, hash, signal);
  return hash.digest();
}

/** Feeds the first `bytes` of a file to `hash`, in bounded memory. @throws AbortError when `signal` fires. */
export async function feedFile(path: string, bytes: number, hash: ContentHash, signal?: AbortSignal): Promise<void> {
  if (bytes === 0) return;
  for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 })) {
    AbortError.throwIfAborted(signal);
    hash.update(chunk as Buffer);
  }
}
