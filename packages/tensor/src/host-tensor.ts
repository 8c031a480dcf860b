import { type DType, type DTypes, dtypeArrays } from './dtype.js';
import { TensorError } from './errors.js';
import { elementCount, formatShape } from './shape.js';

/** Dense row-major numbers in host memory. `data.length` equals the product of `dims`. */
export interface HostTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly dims: readonly number[];
  readonly data: DTypes[D];
}

/** Named tensors: the feeds or the results of one run. */
export type TensorMap = Readonly<Record<string, HostTensor>>;

/**
 * Wraps `data` (not copied) or converts plain numbers to `dtype`. Numbers given for `float16` are its bits.
 *
 * @param dims default: one axis as long as the data.
 * @throws TensorError when the data is of another array type, its length is not the product of the dims, or an
 *   integer dtype is given a fraction.
 */
export function tensor<D extends DType>(
  dtype: D,
  data: DTypes[D] | readonly number[],
  dims: readonly number[] = [data.length],
): HostTensor<D> {
  const type = dtypeArrays[dtype];
  if (data.length !== elementCount(dims)) {
    throw new TensorError(
      `A ${dtype} tensor of dims ${formatShape(dims)} needs ${elementCount(dims)} elements, got ${data.length}`,
    );
  }
  if (Array.isArray(data)) return { dtype, dims, data: convert(dtype, data) };
  if (!(data instanceof type)) {
    throw new TensorError(
      `A ${dtype} tensor is carried by ${(type as { name?: string }).name}, got ${data.constructor.name}`,
    );
  }
  return { dtype, dims, data };
}

/** A tensor of rank 0. */
export function scalarTensor<D extends DType>(dtype: D, value: number): HostTensor<D> {
  return tensor<D>(dtype, [value], []);
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, dims: readonly number[]): HostTensor<D> {
  return { dtype, dims, data: new dtypeArrays[dtype](elementCount(dims)) };
}

/** The elements as plain numbers; `int64` beyond 2^53 loses precision, `float16` stays bits. */
export function toNumbers({ data }: HostTensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function convert<D extends DType>(dtype: D, values: readonly number[]): DTypes[D] {
  const out = new dtypeArrays[dtype](values.length);
  if (out instanceof BigInt64Array) {
    values.forEach((value, i) => {
      if (!Number.isInteger(value)) throw new TensorError(`An int64 tensor cannot hold ${value}`);
      out[i] = BigInt(value);
    });
  } else {
    (out as Float32Array).set(values);
  }
  return out;
}
