import type { AdamWCoefficients } from '../adamw.js';
import { type WasmHost, type WasmMemory, type WasmModule, wasmHost } from '../wasm/host.js';
import { dropoutConstants, type Kernels } from './kernels.js';
import { assembleKernels } from './wasm-module.js';

interface KernelExports {
  adamw(p: number, g: number, m: number, v: number, end: number, ...coefficients: number[]): void;
  sumOfSquares(x: number, pairsEnd: number, end: number): number;
  axpy(y: number, x: number, end: number, a: number): void;
  scale(x: number, end: number, a: number): void;
  scatterAddRows(table: number, indices: number, indicesEnd: number, values: number, rowBytes: number): void;
  dropoutMask(x: number, end: number, state: number, threshold: number, factor: number): void;
}

let compiled: WasmModule | null | undefined;

/** The compiled kernels, or `null` on a host without WebAssembly SIMD. Compiled once per thread, on first use. */
export function compileKernels(): WasmModule | null {
  if (compiled === undefined) compiled = compileWith(wasmHost);
  return compiled;
}

/** @internal Exported for the tests of the fallback. */
export function compileWith(host: WasmHost | undefined): WasmModule | null {
  if (host === undefined) return null;
  const bytes = assembleKernels();
  return host.validate(bytes) ? new host.Module(bytes) : null;
}

/** The kernels as WebAssembly SIMD over one memory. */
export class WasmKernels implements Kernels {
  private readonly run: KernelExports;
  private readonly randomWords: Uint32Array;

  /** @param stateOffset Byte offset of 64 bytes in the memory that dropoutMask may use. */
  constructor(
    host: WasmHost,
    module: WasmModule,
    memory: WasmMemory,
    private readonly stateOffset: number,
  ) {
    this.run = new host.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
    this.randomWords = new Uint32Array(memory.buffer, stateOffset, 16);
  }

  adamw(p: number, g: number, m: number, v: number, count: number, c: AdamWCoefficients): void {
    this.run.adamw(
      p,
      g,
      m,
      v,
      p + wholeBlockBytes(count),
      c.gradientScale,
      c.beta1,
      c.oneMinusBeta1,
      c.beta2,
      c.oneMinusBeta2,
      c.decay,
      c.stepSize,
      c.inverseRootCorrection,
      c.epsilon,
    );
  }

  sumOfSquares(x: number, count: number): number {
    const bytes = wholeBlockBytes(count);
    return this.run.sumOfSquares(x, x + bytes - (bytes % 32), x + bytes);
  }

  axpy(y: number, x: number, count: number, a: number): void {
    this.run.axpy(y, x, y + wholeBlockBytes(count), a);
  }

  scale(x: number, count: number, a: number): void {
    this.run.scale(x, x + wholeBlockBytes(count), a);
  }

  scatterAddRows(table: number, indices: number, values: number, rows: number, width: number): void {
    this.run.scatterAddRows(table, indices, indices + 4 * rows, values, 4 * width);
  }

  dropoutMask(x: number, count: number, rate: number, state: Uint32Array): void {
    const { threshold, factor } = dropoutConstants(rate);
    this.randomWords.set(state);
    this.run.dropoutMask(x, x + wholeBlockBytes(count), this.stateOffset, threshold, factor);
  }
}

function wholeBlockBytes(count: number): number {
  return Math.ceil(count / 4) * 16;
}
