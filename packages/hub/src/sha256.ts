import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AbortError } from '@zooid/common';

/** Lower-case hex SHA-256 of a file's content, in bounded memory. @throws AbortError when `signal` fires. */
export async function sha256File(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    AbortError.throwIfAborted(options.signal);
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** Lower-case hex SHA-256 of bytes, or of a string's UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
