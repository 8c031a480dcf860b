/** The part of the WebAssembly JavaScript API used here; its types otherwise come only with the whole DOM library. */
export interface WasmHost {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WasmMemory;
}

/** Compiled code; opaque. */
export type WasmModule = object;

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** `undefined` on a host without WebAssembly. */
export const wasmHost = (globalThis as { readonly WebAssembly?: WasmHost }).WebAssembly;
