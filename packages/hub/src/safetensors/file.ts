import { type FileHandle, open } from 'node:fs/promises';
import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { writeFileAtomically } from '../atomic-file.js';
import { CheckpointError } from '../errors.js';
import { assertLittleEndian, type Checkpoint, type CheckpointMetadata, encodedParts } from './codec.js';
import { tensorOver } from './dtypes.js';
import { headerLength, parseHeader, prefixBytes } from './header.js';

export interface ReadSafetensorsOptions {
  readonly signal?: AbortSignal;
  /** Reads only the tensors it accepts; the rest is validated but not loaded. */
  readonly select?: (name: string) => boolean;
}

/**
 * Reads a safetensors file. Every tensor gets memory of its own, so that dropping one frees it. BF16 is widened to
 * float32, F16 stays as its bits.
 *
 * @throws CheckpointError when the file is missing, cut short or not a valid safetensors file.
 */
export async function readSafetensors(path: string, options: ReadSafetensorsOptions = {}): Promise<Checkpoint> {
  assertLittleEndian();
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const prefix = new Uint8Array(prefixBytes);
    if (size >= prefixBytes) await readFully(file, prefix, 0, path);
    const headerBytes = new Uint8Array(headerLength(prefix, size, path));
    await readFully(file, headerBytes, prefixBytes, path);
    const dataStart = prefixBytes + headerBytes.byteLength;
    const header = parseHeader(headerBytes, size - dataStart, path);

    const tensors = new Map<string, HostTensor>();
    for (const { name, stored, dims, begin, end } of header.entries) {
      if (options.select !== undefined && !options.select(name)) continue;
      AbortError.throwIfAborted(options.signal);
      const content = new Uint8Array(end - begin);
      await readFully(file, content, dataStart + begin, path);
      tensors.set(name, tensorOver(stored, dims, content.buffer));
    }
    return { tensors, metadata: header.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Writes a safetensors file atomically: readers see the old file or the whole new one, also after a power failure.
 *
 * @throws CheckpointError when a name repeats or a tensor's data does not fit its shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, HostTensor]>,
  metadata?: CheckpointMetadata,
): Promise<void> {
  await writeFileAtomically(path, encodedParts(tensors, metadata));
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new CheckpointError(`${path}: cannot be opened (${(cause as NodeJS.ErrnoException).code ?? cause})`, {
      cause,
    });
  }
}

/** Fills `target` from `position`; one `read` may return less than asked (and never returns more than 2 GiB). */
async function readFully(file: FileHandle, target: Uint8Array, position: number, path: string): Promise<void> {
  let done = 0;
  while (done < target.byteLength) {
    const length = Math.min(target.byteLength - done, 1 << 30);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) throw new CheckpointError(`${path}: ended while it was read; another process is changing it`);
    done += bytesRead;
  }
}
