import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ValidationError, ZooidError } from '@zooid/common';

/**
 * Opens a data file as a stream of bytes, decompressed when it is gzip (told by its first bytes, not its name).
 *
 * @throws ValidationError when it cannot be opened, or is UTF-16.
 */
export async function openText(path: string): Promise<Readable> {
  const start = await firstBytes(path);
  if ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff)) {
    throw fileError(path, 'is UTF-16; save it as UTF-8');
  }
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  if (start[0] !== 0x1f || start[1] !== 0x8b) return source;
  // `pipeline` passes errors and early ends on in both directions; the reader sees them on the last stream.
  return pipeline(source, createGunzip({ chunkSize: 1 << 18 }), () => {});
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.stat()).isDirectory()) throw fileError(path, 'is a folder; name a file');
      const { buffer, bytesRead } = await file.read(new Uint8Array(2), 0, 2, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

/** Turns what the file system or the decompressor threw into an error about the file. */
export function readError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (ZooidError.is(error) || typeof code !== 'string') return error;
  if (code === 'ENOENT') return fileError(path, 'does not exist');
  if (code.startsWith('Z_')) return fileError(path, `is damaged gzip data (${message}); copy or download it again`);
  return fileError(path, `cannot be read (${message})`);
}

export const fileError = (path: string, message: string): ValidationError =>
  new ValidationError(path, [{ path: '', message }]);
