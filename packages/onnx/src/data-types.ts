import type { DType } from '@zooid/tensor';
import { GraphError } from './errors.js';

/** TensorProto.DataType numbers. */
const codes: { readonly [D in DType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};
const names = new Map(Object.entries(codes).map(([name, code]) => [code, name as DType]));

export function dtypeCode(dtype: DType): number {
  return codes[dtype];
}

/** @throws GraphError for element types that Zooid does not carry (strings, bfloat16, …). */
export function dtypeFromCode(code: number): DType {
  const name = names.get(code);
  if (name === undefined)
    throw new GraphError(`ONNX element type ${code} is not supported; use one of ${[...names.values()].join(', ')}`);
  return name;
}
