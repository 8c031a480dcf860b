import { open, stat } from 'node:fs/promises';
import { CheckpointError } from '../errors.js';

/** Bytes that can be read piece by piece: a file, or memory in tests. */
export interface ByteSource extends AsyncDisposable {
  /** What errors call it: the path. */
  readonly subject: string;
  readonly size: number;
  /**
   * A copy of `[begin, end)` in memory of its own.
   * @throws CheckpointError when the range is not inside the source.
   */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a regular file.
 * @throws CheckpointError when there is none, or it is a folder, a pipe or a device.
 */
export async function openByteSource(path: string): Promise<ByteSource> {
  const fail = (cause: NodeJS.ErrnoException): never => {
    throw new CheckpointError(`${path}: cannot be opened (${cause.code ?? cause})`, { cause });
  };
  // Asked before opening: opening a pipe would wait for someone to write into it.
  if (!(await stat(path).catch(fail)).isFile()) {
    throw new CheckpointError(`${path}: is not a regular file; name a weights file`);
  }
  const file = await open(path, 'r').catch(fail);
  const { size } = await file.stat();
  return {
    subject: path,
    size,
    async read(begin, end) {
      checkRange(path, size, begin, end);
      const target = new Uint8Array(end - begin);
      let done = 0;
      // One read may return less than asked, and never returns more than 2 GiB.
      while (done < target.byteLength) {
        const length = Math.min(target.byteLength - done, 1 << 30);
        const { bytesRead } = await file.read(target, done, length, begin + done);
        if (bytesRead === 0) {
          throw new CheckpointError(`${path}: ended while it was read; another process is changing it`);
        }
        done += bytesRead;
      }
      return target;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** @see ByteSource */
export function memorySource(bytes: Uint8Array, subject: string): ByteSource {
  return {
    subject,
    size: bytes.byteLength,
    async read(begin, end) {
      checkRange(subject, bytes.byteLength, begin, end);
      return Uint8Array.from(bytes.subarray(begin, end));
    },
    async [Symbol.asyncDispose]() {},
  };
}

function checkRange(subject: string, size: number, begin: number, end: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= size) return;
  throw new CheckpointError(
    `${subject}: bytes ${begin} to ${end} were asked of ${size}; the file was cut short or damaged`,
  );
}
