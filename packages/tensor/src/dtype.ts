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
