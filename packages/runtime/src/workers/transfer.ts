import type { HostTensor, TensorMap } from '@zooid/tensor';

/**
 * Copies tensors into buffers of their own, to be moved to another thread. The caller keeps what it owns, and a view
 * of a large buffer sends only what it shows.
 */
export function copyForTransfer(tensors: TensorMap, transfer: ArrayBuffer[]): TensorMap {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const data = copy(tensor.data);
      transfer.push(data.buffer);
      return [name, { dtype: tensor.dtype, dims: [...tensor.dims], data } as HostTensor];
    }),
  );
}

/** A copy in a buffer of its own, also of shared memory. */
export function copy<T extends HostTensor['data']>(data: T): T & { readonly buffer: ArrayBuffer } {
  // A Node Buffer would copy itself into a shared pool.
  const Type = data instanceof Uint8Array ? Uint8Array : data.constructor;
  return new (Type as unknown as new (source: T) => T & { readonly buffer: ArrayBuffer })(data);
}

/** The buffers of tensors that nobody else uses, to be moved to another thread. */
export function buffersOf(tensors: TensorMap): ArrayBuffer[] {
  return Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
}
