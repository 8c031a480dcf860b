import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { UsageError } from './errors.js';

/** Somewhere to write whole lines to. Each call is complete before it resolves, so a kill loses none that was. */
export interface LineOutput extends AsyncDisposable {
  write(lines: readonly string[]): Promise<void>;
}

export function streamOutput(stream: Writable): LineOutput {
  return {
    async write(lines) {
      if (lines.length > 0 && !stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain');
    },
    async [Symbol.asyncDispose]() {},
  };
}

/**
 * Writes to a file, which is created with the first line.
 *
 * @param keep Bytes of an earlier run to go on from; the rest, such as half a line, is cut off.
 */
export function fileOutput(path: string, keep: number): LineOutput {
  let handle: FileHandle | undefined;
  const start = async () => {
    try {
      if (keep === 0) return await open(path, 'w');
      const file = await open(path, 'r+');
      await file.truncate(keep);
      return file;
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  let position = keep;
  return {
    async write(lines) {
      if (lines.length === 0) return;
      handle ??= await start();
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      await handle.write(bytes, 0, bytes.length, position);
      position += bytes.length;
    },
    async [Symbol.asyncDispose]() {
      await handle?.close();
    },
  };
}

/** Complete lines of a file that an earlier run wrote: how many, and the bytes they take. A missing file has none. */
export async function completeLines(
  path: string,
  visit: (line: string) => void = () => {},
): Promise<{ readonly count: number; readonly bytes: number }> {
  if (!existsSync(path)) return { count: 0, bytes: 0 };
  let count = 0;
  let bytes = 0;
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    let start = 0;
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10, start)) {
      visit(pending.toString('utf8', start, end));
      count++;
      bytes += end + 1 - start;
      start = end + 1;
    }
    pending = pending.subarray(start);
  }
  return { count, bytes };
}
