import { GraphError } from '../errors.js';

/** `real ≈ scale × (quantized − zeroPoint)` */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

export const integerRanges = { int8: [-128, 127], uint8: [0, 255] } as const;
export type QuantizedDType = keyof typeof integerRanges;

/**
 * Scale and zero point that spread the real range `[min, max]` over all values of the integer type. The range is
 * widened to hold 0, so that 0 is exact: padding and ReLU depend on it.
 *
 * @see the ONNX operators QuantizeLinear and DynamicQuantizeLinear, which compute the same for uint8
 */
export function affineQuantization(min: number, max: number, dtype: QuantizedDType): Affine {
  if (!(min <= max) || !Number.isFinite(max - min))
    throw new GraphError(`A range to quantize needs finite ends in order, got [${min}, ${max}]`);
  const [low, high] = integerRanges[dtype];
  const [from, to] = [Math.min(min, 0), Math.max(max, 0)];
  if (from === to) return { scale: 1, zeroPoint: 0 };
  const scale = (to - from) / (high - low);
  return { scale, zeroPoint: clamp(roundHalfEven(high - to / scale), low, high) };
}

/** The nearest integer of the type, ties to even, as QuantizeLinear rounds. */
export function quantize(value: number, { scale, zeroPoint }: Affine, dtype: QuantizedDType): number {
  const [low, high] = integerRanges[dtype];
  return clamp(roundHalfEven(value / scale) + zeroPoint, low, high);
}

export function dequantize(quantized: number, { scale, zeroPoint }: Affine): number {
  return scale * (quantized - zeroPoint);
}

/** 1.5 × 2⁵²: a double of this size has no room for fractions. */
const ROUNDING = 6755399441055744;

/** Rounds to the nearest integer, halves to the even one, for |value| < 2⁵¹: the processor does it when it adds. */
export function roundHalfEven(value: number): number {
  return value + ROUNDING - ROUNDING;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
