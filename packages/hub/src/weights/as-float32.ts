import { fromFloat16, type HostTensor } from '@zooid/tensor';
import { CheckpointError } from '../errors.js';

/** Whether {@link asFloat32} takes a tensor of this type. */
export function isFloating(dtype: HostTensor['dtype']): boolean {
  return dtype === 'float32' || dtype === 'float16' || dtype === 'float64';
}

/**
 * The tensor in float32: itself, or a widened (float16) or rounded (float64) copy. A float64 beyond float32 becomes
 * infinity.
 *
 * @throws CheckpointError for integers and booleans, which are no weights.
 */
export function asFloat32(name: string, tensor: HostTensor): HostTensor<'float32'> {
  const { dtype, dims, data } = tensor;
  switch (dtype) {
    case 'float32':
      return tensor as HostTensor<'float32'>;
    case 'float16':
      return { dtype: 'float32', dims, data: fromFloat16(data as Uint16Array) };
    case 'float64':
      return { dtype: 'float32', dims, data: Float32Array.from(data as Float64Array) };
    default:
      throw new CheckpointError(`Tensor '${name}' is ${dtype} where floating point is needed; convert the model first`);
  }
}
