import { createHash, randomBytes, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** How a stored hash is written. */
export const keyHashPattern =
  /^(?:sha256:[0-9a-fA-F]{64}|scrypt:(?:1024|2048|4096|8192|16384|32768|65536):(?:[1-9]|1[0-6]):[1-4]:[\w-]{16,128}:[\w-]{22,128})$/;

/** Most memory one scrypt may take: the pattern's largest cost, with a margin. */
const maxMemoryBytes = 160 * 1024 * 1024;

const scryptAsync = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/** SHA-256 of a key as it was presented: 32 bytes, whatever its length. */
export const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Whether two digests of equal length are equal, in a time that does not depend on where they differ. */
export const sameDigest = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

/**
 * The form in which a key goes into zooid.yaml.
 *
 * @param method `sha256` for keys from a random generator, which nobody guesses; `scrypt` (N 32768, r 8, p 1, RFC 7914)
 *   for passwords, whose checking must be slow.
 */
export function hashApiKey(key: string, method: 'sha256' | 'scrypt' = 'sha256'): string {
  if (method === 'sha256') return `sha256:${digestOf(key).toString('hex')}`;
  const salt = randomBytes(16);
  const hash = scryptSync(key, salt, 32, { N: 32_768, r: 8, p: 1, maxmem: maxMemoryBytes });
  return `scrypt:32768:8:1:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/** A stored scrypt hash, taken apart. */
export interface ScryptHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** @param text Matches {@link keyHashPattern}, in its scrypt form. */
export function parseScrypt(text: string): ScryptHash {
  const [, N = '', r = '', p = '', salt = '', hash = ''] = text.split(':');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

/** Runs on the thread pool, so the event loop goes on meanwhile. */
export async function matchesScrypt(key: string, { cost, salt, hash }: ScryptHash): Promise<boolean> {
  return sameDigest(await scryptAsync(key, salt, hash.length, { ...cost, maxmem: maxMemoryBytes }), hash);
}
