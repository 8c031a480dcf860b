import type { AdamWCoefficients } from '../adamw.js';

/**
 * Loops over float32 arrays inside one memory. Arrays are named by their byte offset, which must be a multiple of 16.
 *
 * `count` elements are read and written in whole blocks of four, so an array occupies `paddedCount(count)` elements
 * and its padding takes part: zeros stay zeros under every kernel here. Results do not depend on the implementation:
 * WebAssembly and plain TypeScript agree bit for bit.
 */
export interface Kernels {
  /** One AdamW update in place; see {@link AdamWCoefficients} for the formula. */
  adamw(p: number, g: number, m: number, v: number, count: number, coefficients: AdamWCoefficients): void;
  /** Σ x², squared and summed in float64 over eight interleaved partial sums. */
  sumOfSquares(x: number, count: number): number;
  /** y ← y + a·x */
  axpy(y: number, x: number, count: number, a: number): void;
  /** x ← a·x */
  scale(x: number, count: number, a: number): void;
  /**
   * table[indices[i]] ← table[indices[i]] + values[i] for each of `rows` rows of `width` elements, in order, so that
   * repeated indices add up the same way every time. `indices` are int32. Rows are not padded.
   */
  scatterAddRows(table: number, indices: number, values: number, rows: number, width: number): void;
  /**
   * Fills x with inverted-dropout factors: 0 with probability `rate`, else 1 / (1 − rate).
   *
   * Four interleaved xoshiro128+ streams, one per lane (Blackman & Vigna 2021), compared as unsigned 32-bit integers
   * with rate · 2³², so the rate is exact to 2⁻³².
   *
   * @param state 16 words from `randomState`; left unchanged.
   */
  dropoutMask(x: number, count: number, rate: number, state: Uint32Array): void;
}

/** Elements that an array of `count` occupies in a memory: whole cache lines. */
export function paddedCount(count: number): number {
  return Math.ceil(count / 16) * 16;
}

/** The numbers behind a dropout rate, rounded as both implementations use them. */
export function dropoutConstants(rate: number): { readonly threshold: number; readonly factor: number } {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`Expected a dropout rate in [0, 1), got ${rate}`);
  return { threshold: Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32)), factor: Math.fround(1 / (1 - rate)) };
}
