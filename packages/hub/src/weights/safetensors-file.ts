import { assertLittleEndian } from '../safetensors/codec.js';
import { storedTypes, tensorOver } from '../safetensors/dtypes.js';
import { headerLength, parseHeader, prefixBytes } from '../safetensors/header.js';
import type { ByteSource } from './byte-source.js';
import type { StoredTensor, WeightsFile } from './weights-file.js';

/**
 * Reads the header of a safetensors file; tensors are read on demand. Disposing of the result closes `source`.
 *
 * @throws CheckpointError when the file is cut short or not a valid safetensors file.
 */
export async function openSafetensors(source: ByteSource): Promise<WeightsFile> {
  assertLittleEndian();
  const { subject, size } = source;
  const prefix = await source.read(0, Math.min(prefixBytes, size));
  const dataStart = prefixBytes + headerLength(prefix, size, subject);
  const { entries, metadata } = parseHeader(await source.read(prefixBytes, dataStart), size - dataStart, subject);
  const tensors = new Map(
    entries.map(({ name, stored, dims, begin, end }): [string, StoredTensor] => [
      name,
      {
        name,
        dtype: storedTypes.get(stored)!.dtype,
        dims,
        sizeBytes: end - begin,
        viewKey: name,
        read: async () => tensorOver(stored, dims, (await source.read(dataStart + begin, dataStart + end)).buffer),
      },
    ]),
  );
  return {
    format: 'safetensors',
    tensors,
    metadata,
    distinctBytes: size - dataStart,
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
