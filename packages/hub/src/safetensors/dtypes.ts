import type { DType, DTypes, HostTensor } from '@zooid/tensor';

/** How one safetensors element type is laid out in the file and held in memory. */
export interface StoredType {
  /** Bytes per element in the file. */
  readonly size: number;
  /** Element type in memory; equals the stored one except for BF16, which is widened. */
  readonly dtype: DType;
}

/** The element types we read. */
export const storedTypes: ReadonlyMap<string, StoredType> = new Map([
  ['F64', { size: 8, dtype: 'float64' }],
  ['F32', { size: 4, dtype: 'float32' }],
  ['F16', { size: 2, dtype: 'float16' }],
  ['BF16', { size: 2, dtype: 'float32' }],
  ['I64', { size: 8, dtype: 'int64' }],
  ['I32', { size: 4, dtype: 'int32' }],
  ['I8', { size: 1, dtype: 'int8' }],
  ['U8', { size: 1, dtype: 'uint8' }],
  ['BOOL', { size: 1, dtype: 'bool' }],
]);

/** The name under which each of our element types is stored. */
export const storedNames: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  int64: 'I64',
  int32: 'I32',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

/** The order in which the reference implementation lays types out. */
export const writeOrder: readonly DType[] = [
  'int64',
  'float64',
  'float32',
  'int32',
  'float16',
  'int8',
  'uint8',
  'bool',
];

const views: { readonly [D in DType]: (buffer: ArrayBuffer) => DTypes[D] } = {
  float64: (buffer) => new Float64Array(buffer),
  float32: (buffer) => new Float32Array(buffer),
  float16: (buffer) => new Uint16Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
};

/** A tensor over `bytes`, which hold exactly its elements, little-endian as the machine (see `assertLittleEndian`). */
export function tensorOver(stored: string, dims: readonly number[], bytes: ArrayBuffer): HostTensor {
  const { dtype } = storedTypes.get(stored)!;
  if (stored === 'BF16') return { dtype: 'float32', dims, data: widenBrainFloat(new Uint16Array(bytes)) };
  return { dtype, dims, data: views[dtype](bytes) };
}

/** bfloat16 is the upper half of a float32, so widening is exact. */
function widenBrainFloat(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}
