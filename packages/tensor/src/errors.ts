import { ZooidError } from '@zooid/common';

/** Numbers, dims or a dtype that do not fit together. */
export class TensorError extends ZooidError {
  readonly code = 'TENSOR_INVALID';
}
