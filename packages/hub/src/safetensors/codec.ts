import { endianness } from 'node:os';
import type { HostTensor } from '@zooid/tensor';
import { CheckpointError } from '../errors.js';
import { storedNames, tensorOver, writeOrder } from './dtypes.js';
import { headerLength, parseHeader, prefixBytes } from './header.js';

/** The content of a safetensors file. */
export interface Checkpoint {
  /** By name, in file order. */
  readonly tensors: Map<string, HostTensor>;
  /** The file's `__metadata__`; empty when it has none. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a writer accepts as metadata. */
export type CheckpointMetadata = Readonly<Record<string, string>>;

/**
 * Decodes a safetensors file held in memory; tensors are copies. BF16 is widened to float32, F16 stays as its bits.
 *
 * @throws CheckpointError when the bytes are not a valid safetensors file.
 * @see https://github.com/huggingface/safetensors#format
 */
export function decodeSafetensors(bytes: Uint8Array, subject = 'safetensors data'): Checkpoint {
  assertLittleEndian();
  const headerBytes = headerLength(bytes, bytes.byteLength, subject);
  const dataStart = prefixBytes + headerBytes;
  const header = parseHeader(bytes.subarray(prefixBytes, dataStart), bytes.byteLength - dataStart, subject);
  const tensors = new Map<string, HostTensor>();
  for (const { name, stored, dims, begin, end } of header.entries) {
    const content = new Uint8Array(end - begin);
    content.set(bytes.subarray(dataStart + begin, dataStart + end));
    tensors.set(name, tensorOver(stored, dims, content.buffer));
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Encodes named tensors as a safetensors file. The bytes depend on names, values and metadata alone, not on the order
 * in which tensors come.
 *
 * @throws CheckpointError when a name repeats or a tensor's data does not fit its shape.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, HostTensor]>,
  metadata?: CheckpointMetadata,
): Uint8Array {
  const parts = [...encodedParts(tensors, metadata)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** The file in pieces: prefix and header, then the memory of each tensor, not copied. */
export function encodedParts(
  tensors: Iterable<readonly [string, HostTensor]>,
  metadata: CheckpointMetadata = {},
): Uint8Array[] {
  assertLittleEndian();
  const sorted = [...tensors].sort(byTypeThenName);
  const fields: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    fields.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => compare(a, b)))]);
  }
  const contents: Uint8Array[] = [];
  const seen = new Set<string>(['__metadata__']);
  let offset = 0;
  for (const [name, { dtype, dims, data }] of sorted) {
    if (seen.has(name))
      throw new CheckpointError(`Two tensors are called '${name}', or the name is reserved; rename one`);
    seen.add(name);
    const count = dims.reduce((product, size) => product * size, 1);
    if (count !== data.length || !dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new CheckpointError(
        `Tensor '${name}' has shape [${dims.join(', ')}], which is ${count} elements, but holds ${data.length}`,
      );
    }
    contents.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    fields.push([name, { dtype: storedNames[dtype], shape: dims, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  return [
    frame(`{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`),
    ...contents,
  ];
}

/** Prefix and header; spaces after the header align the data to eight bytes, so that a reader may map it. */
function frame(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.byteLength / 8) * 8;
  const bytes = new Uint8Array(prefixBytes + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, prefixBytes);
  return bytes;
}

/** The order of the reference writer, which keeps every tensor aligned to its element size: wide types first, then by name. */
function byTypeThenName([a, x]: readonly [string, HostTensor], [b, y]: readonly [string, HostTensor]): number {
  return writeOrder.indexOf(x.dtype) - writeOrder.indexOf(y.dtype) || compare(a, b);
}

/** By UTF-16 code unit: the same on every machine, unlike `localeCompare`. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The format is little-endian and tensors are viewed in place. No platform of Node 20 that we know of is big-endian except s390x. */
export function assertLittleEndian(): void {
  if (endianness() !== 'LE') throw new CheckpointError('Reading and writing weights needs a little-endian machine');
}
