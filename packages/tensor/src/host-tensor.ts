import type { DType, DTypes } from './dtype.js';

/** Dense row-major numbers in host memory. `data.length` equals the product of `dims`. */
export interface HostTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly dims: readonly number[];
  readonly data: DTypes[D];
}

/** Named tensors: the feeds or the results of one run. */
export type TensorMap = Readonly<Record<string, HostTensor>>;
