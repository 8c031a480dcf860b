import { TensorError } from './errors.js';
import type { HostTensor } from './host-tensor.js';

const bits32 = new Uint32Array(1);
const value32 = new Float32Array(bits32.buffer);

/** Bits of the IEEE 754 binary16 number nearest to `value`, ties to even; overflow gives infinity. */
export function float32ToFloat16Bits(value: number): number {
  value32[0] = value;
  const bits = bits32[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const half = exponent - 112; // rebias 127 → 15
  if (half >= 0x1f) return sign | 0x7c00;
  if (half <= 0) {
    if (half < -10) return sign;
    return sign | roundShift(mantissa | 0x800000, 14 - half);
  }
  // A carry out of the mantissa lands in the exponent, which is exactly what rounding up means here.
  return sign | roundShift((half << 23) | mantissa, 13);
}

/** The number whose binary16 bits are given; exact. */
export function float16BitsToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

/** @see float32ToFloat16Bits */
export function toFloat16(values: Float32Array): Uint16Array {
  // A loop: the callback of `Uint16Array.from` costs ten times as much, and weights have a hundred million elements.
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = float32ToFloat16Bits(values[i]!);
  return bits;
}

/** @see float16BitsToFloat32 */
export function fromFloat16(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, float16BitsToFloat32);
}

/**
 * A floating-point tensor's elements as float32: the same array where they are, converted from float16 and float64.
 *
 * @throws TensorError for whole numbers and booleans.
 */
export function toFloat32({ dtype, data }: HostTensor): Float32Array {
  switch (dtype) {
    case 'float32':
      return data as Float32Array;
    case 'float16':
      return fromFloat16(data as Uint16Array);
    case 'float64':
      return Float32Array.from(data as Float64Array);
    default:
      throw new TensorError(`Expected a floating-point tensor, got ${dtype}`);
  }
}

function roundShift(value: number, shift: number): number {
  const result = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && result & 1) ? result + 1 : result;
}
