/** Element types, named as ONNX names them. `float16` is carried as its bits, `bool` as 0/1 bytes. */
export interface DTypes {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}
export type DType = keyof DTypes;

/** A size known now, or the name of one known at run time (`'batch'`, `'sequence'`). */
export type Dim = number | string;
export type Shape = readonly Dim[];

interface ArrayConstructor<A> {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/** The typed array that carries each dtype. */
export const dtypeArrays: { readonly [D in DType]: ArrayConstructor<DTypes[D]> } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

export function isDType(name: string): name is DType {
  return Object.hasOwn(dtypeArrays, name);
}
