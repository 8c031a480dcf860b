import { TensorError } from './errors.js';
import { float16BitsToFloat32 } from './float16.js';
import type { HostTensor } from './host-tensor.js';
import { formatShape } from './shape.js';

export interface Tolerance {
  /** Default 1e-4. */
  readonly rtol?: number;
  /** Default 1e-5. */
  readonly atol?: number;
}

/**
 * Whether `|a − b| ≤ atol + rtol·|b|` everywhere, with `b` the reference. NaN is close to NaN only.
 * @throws TensorError when the dims differ.
 */
export function allClose(a: HostTensor, b: HostTensor, { rtol = 1e-4, atol = 1e-5 }: Tolerance = {}): boolean {
  const [x, y] = comparable(a, b);
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i]!, y[i]!];
    if (p === q || (Number.isNaN(p) && Number.isNaN(q))) continue;
    if (!(Math.abs(p - q) <= atol + rtol * Math.abs(q)) || !Number.isFinite(q)) return false;
  }
  return true;
}

/** `‖a − b‖₂ / ‖b‖₂`, with `b` the reference; 0 when both are zero, Infinity when only `b` is. */
export function relativeL2(a: HostTensor, b: HostTensor): number {
  const [x, y] = comparable(a, b);
  let difference = 0;
  let reference = 0;
  for (let i = 0; i < x.length; i++) {
    difference += (x[i]! - y[i]!) ** 2;
    reference += y[i]! ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / reference);
}

function comparable(a: HostTensor, b: HostTensor): [ArrayLike<number>, ArrayLike<number>] {
  if (a.dims.length !== b.dims.length || a.dims.some((dim, i) => dim !== b.dims[i])) {
    throw new TensorError(`Only tensors of equal dims compare, got ${formatShape(a.dims)} and ${formatShape(b.dims)}`);
  }
  return [numeric(a), numeric(b)];
}

function numeric({ dtype, data }: HostTensor): ArrayLike<number> {
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  return dtype === 'float16' ? Float32Array.from(data, float16BitsToFloat32) : data;
}
