import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { writeFileAtomically } from '../atomic-file.js';
import { openByteSource } from '../weights/byte-source.js';
import { openSafetensors } from '../weights/safetensors-file.js';
import { type Checkpoint, type CheckpointMetadata, encodedParts } from './codec.js';

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
  const source = await openByteSource(path);
  try {
    const file = await openSafetensors(source);
    const tensors = new Map<string, HostTensor>();
    for (const [name, tensor] of file.tensors) {
      if (options.select !== undefined && !options.select(name)) continue;
      AbortError.throwIfAborted(options.signal);
      tensors.set(name, await tensor.read());
    }
    return { tensors, metadata: file.metadata };
  } finally {
    await source[Symbol.asyncDispose]();
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
