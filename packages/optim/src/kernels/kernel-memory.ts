import { wasmHost } from '../wasm/host.js';
import { maximumPages, pageBytes } from '../wasm/module.js';
import { type Kernels, paddedCount } from './kernels.js';
import { PlainKernels } from './plain-kernels.js';
import { compileKernels, WasmKernels } from './wasm-kernels.js';

/** Which implementation of the kernels to use. `auto` takes WebAssembly where SIMD is available. */
export type KernelChoice = 'auto' | 'wasm' | 'plain';

const stateBytes = 64;
const stagedFloats = 16_384;
const stagedIndices = 4_096;
const indicesOffset = stateBytes;
const valuesOffset = indicesOffset + 4 * stagedIndices;
/** First byte that arrays may use. */
const reservedBytes = valuesOffset + 4 * stagedFloats;

/**
 * The largest number of float32 elements one memory can hold. One page short of 4 GiB, so that the address just
 * after the last array still fits 32 bits.
 */
export const memoryCapacity = ((maximumPages - 1) * pageBytes - reservedBytes) / 4;

/**
 * A block of memory with the kernels over it. The memory is not shared and never grows, so typed-array views of
 * `buffer` stay valid for ever and can be handed to native code. Zeroed at first.
 */
export class KernelMemory {
  readonly buffer: ArrayBuffer;
  readonly kernels: Kernels;
  readonly implementation: 'wasm' | 'plain';
  private readonly stagedValues: Float32Array;
  private readonly stagedRows: Int32Array;
  private next = reservedBytes;

  /**
   * @param capacity Float32 elements to make room for, each array padded to `paddedCount`.
   * @throws RangeError when it does not fit one memory, or the host has too little.
   */
  constructor(capacity: number, choice: KernelChoice = 'auto') {
    if (capacity > memoryCapacity) {
      throw new RangeError(`Expected at most ${memoryCapacity} elements in one memory, got ${capacity}`);
    }
    const bytes = reservedBytes + 4 * paddedCount(capacity);
    const module = choice === 'plain' ? null : compileKernels();
    if (module !== null && wasmHost !== undefined) {
      const pages = Math.ceil(bytes / pageBytes);
      const memory = new wasmHost.Memory({ initial: pages, maximum: pages });
      this.buffer = memory.buffer;
      this.kernels = new WasmKernels(wasmHost, module, memory, 0);
      this.implementation = 'wasm';
    } else {
      if (choice === 'wasm') throw new RangeError('WebAssembly SIMD is not available here; choose auto or plain');
      this.buffer = new ArrayBuffer(bytes);
      this.kernels = new PlainKernels(this.buffer);
      this.implementation = 'plain';
    }
    this.stagedRows = new Int32Array(this.buffer, indicesOffset, stagedIndices);
    this.stagedValues = new Float32Array(this.buffer, valuesOffset, stagedFloats);
  }

  /** Takes the next free array and returns its byte offset. @throws RangeError when the memory is full. */
  allocate(count: number): number {
    const offset = this.next;
    const end = offset + 4 * paddedCount(count);
    if (end > this.buffer.byteLength) {
      throw new RangeError(`Expected at most ${this.buffer.byteLength - offset} free bytes, got ${end - offset}`);
    }
    this.next = end;
    return offset;
  }

  /** Forgets every array taken so far; their contents stay until overwritten. */
  reset(): void {
    this.next = reservedBytes;
  }

  view(offset: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.buffer, offset, count);
  }

  /** array ← array + a · source, where `source` lies outside this memory. */
  addScaled(offset: number, source: Float32Array, a: number): void {
    for (let start = 0; start < source.length; start += stagedFloats) {
      const count = Math.min(stagedFloats, source.length - start);
      this.stagedValues.set(source.subarray(start, start + count));
      // The kernel works on blocks of four: what an earlier call left behind must not reach the array's padding.
      this.stagedValues.fill(0, count, Math.ceil(count / 4) * 4);
      this.kernels.axpy(offset + 4 * start, valuesOffset, count, a);
    }
  }

  /**
   * Adds row i of `values` `[rows, width]`, which lies outside this memory, to row `indices[i]` of the table, in
   * order. The caller has checked that the indices are inside the table.
   */
  scatterAddRows(table: number, indices: Int32Array, values: Float32Array, width: number): void {
    if (width > stagedFloats) {
      this.scatterAddWideRows(table, indices, values, width);
      return;
    }
    const rowsAtOnce = Math.min(stagedIndices, Math.floor(stagedFloats / width));
    for (let start = 0; start < indices.length; start += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, indices.length - start);
      this.stagedRows.set(indices.subarray(start, start + rows));
      this.stagedValues.set(values.subarray(start * width, (start + rows) * width));
      this.kernels.scatterAddRows(table, indicesOffset, valuesOffset, rows, width);
    }
  }

  private scatterAddWideRows(table: number, indices: Int32Array, values: Float32Array, width: number): void {
    const floats = new Float32Array(this.buffer);
    indices.forEach((index, row) => {
      const target = table / 4 + index * width;
      for (let column = 0; column < width; column++) floats[target + column]! += values[row * width + column]!;
    });
  }
}
