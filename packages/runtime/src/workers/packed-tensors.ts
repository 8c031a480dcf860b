import { type DType, dtypeArrays, type HostTensor, type TensorMap } from '@zooid/tensor';

/**
 * Tensors as they travel between a pool and its workers: what they are as text, and their numbers in as few buffers as
 * is cheap. One small buffer costs half the processor time of an object and a moved buffer per tensor.
 */
export interface PackedTensors {
  /** JSON: a {@link Placement} per tensor. */
  readonly layout: string;
  readonly buffers: readonly ArrayBuffer[];
  /** Those of `buffers` that are worth moving; smaller ones are cheaper to copy. */
  readonly transfer: readonly ArrayBuffer[];
}

type Placement = readonly [
  name: string,
  dtype: DType,
  dims: readonly number[],
  buffer: number,
  offset: number,
  length: number,
];

/** Buffers of at least this many bytes are moved. */
const MOVE_BYTES = 32 * 1024;
/** Tensors that nobody else uses are copied together up to this many bytes, and moved one by one above. */
const COLLECT_BYTES = 64 * 1024;
/** Every tensor begins where any element type may. */
const ALIGNMENT = 8;

/** Packs copies: the caller keeps its tensors, and a view of a large buffer sends only what it shows. */
export function packCopies(tensors: TensorMap): PackedTensors {
  const layout: Placement[] = [];
  const packed = new Uint8Array(packedBytes(tensors));
  let offset = 0;
  for (const name in tensors) {
    const { dtype, dims, data } = tensors[name]!;
    packed.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    layout.push([name, dtype, dims, 0, offset, data.length]);
    offset += aligned(data.byteLength);
  }
  const { buffer } = packed;
  return {
    layout: JSON.stringify(layout),
    buffers: [buffer],
    transfer: buffer.byteLength < MOVE_BYTES ? [] : [buffer],
  };
}

/** Packs tensors that nobody else uses: large ones are given away rather than copied. */
export function packOwned(tensors: TensorMap): PackedTensors {
  if (packedBytes(tensors) <= COLLECT_BYTES) return packCopies(tensors);
  const buffers: ArrayBuffer[] = [];
  const layout = Object.entries(tensors).map(([name, { dtype, dims, data }]): Placement => {
    const buffer = data.buffer as ArrayBuffer;
    const shared = buffers.indexOf(buffer);
    const index = shared >= 0 ? shared : buffers.push(buffer) - 1;
    return [name, dtype, dims, index, data.byteOffset, data.length];
  });
  return { layout: JSON.stringify(layout), buffers, transfer: buffers };
}

/** The tensors again, as views of the buffers. */
export function unpack({ layout, buffers }: Pick<PackedTensors, 'layout' | 'buffers'>): TensorMap {
  const tensors: Record<string, HostTensor> = {};
  for (const [name, dtype, dims, index, offset, length] of JSON.parse(layout) as Placement[]) {
    const data = new dtypeArrays[dtype](buffers[index]!, offset, length);
    define(tensors, name, { dtype, dims, data } as HostTensor);
  }
  return tensors;
}

/** Names come from models: one that is called `__proto__` is a name like others. */
function define(tensors: Record<string, HostTensor>, name: string, tensor: HostTensor): void {
  if (name === '__proto__') Object.defineProperty(tensors, name, { value: tensor, enumerable: true });
  else tensors[name] = tensor;
}

function packedBytes(tensors: TensorMap): number {
  let bytes = 0;
  for (const name in tensors) bytes += aligned(tensors[name]!.data.byteLength);
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
