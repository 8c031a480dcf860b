import type { TensorReference } from './torch-environment.js';

/** Elements that a tensor shows. */
export function elementsOf({ dims }: TensorReference): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Elements of the storage from the first to the last that the tensor touches. */
export function spanOf(tensor: TensorReference): number {
  if (elementsOf(tensor) === 0) return 0;
  return tensor.dims.reduce((sum, dim, axis) => sum + (dim - 1) * tensor.strides[axis]!, 1);
}

/** Whether the span is the tensor, row-major. Strides of axes of size 1 mean nothing. */
export function isContiguous({ dims, strides }: TensorReference): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    if (dims[axis] === 1) continue;
    if (strides[axis] !== expected) return false;
    expected *= dims[axis]!;
  }
  return true;
}

/**
 * Copies a strided view into row-major order.
 *
 * @param span bytes of the elements from the first to the last that the tensor touches
 * @param width bytes per element: 1, 2, 4 or 8
 */
export function gatherStrided(
  span: Uint8Array<ArrayBuffer>,
  tensor: TensorReference,
  width: number,
): Uint8Array<ArrayBuffer> {
  const Elements = elementArrays[width as keyof typeof elementArrays];
  const source = new Elements(span.buffer, 0, span.byteLength / width);
  const target = new Elements(elementsOf(tensor));
  const { dims, strides } = tensor;
  const index = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from]!;
    // Counts up like an odometer: the last axis first, carrying where one is full.
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      from -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(target.buffer);
}

/** Elements are moved, never computed with, so their bits are all that counts. */
const elementArrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;
