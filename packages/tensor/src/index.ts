export type { Dim, DType, DTypes, Shape } from './dtype.js';
export type { HostTensor, TensorMap } from './host-tensor.js';
