import type { AdamWCoefficients } from '../adamw.js';
import { dropoutConstants, type Kernels } from './kernels.js';

const { fround } = Math;

/**
 * The kernels in plain TypeScript, for hosts without WebAssembly SIMD and as the oracle of the WebAssembly ones:
 * every float32 operation is rounded where the SIMD instruction rounds, in the same order.
 */
export class PlainKernels implements Kernels {
  private readonly floats: Float32Array;
  private readonly integers: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.floats = new Float32Array(buffer);
    this.integers = new Int32Array(buffer);
  }

  adamw(p: number, g: number, m: number, v: number, count: number, coefficients: AdamWCoefficients): void {
    const {
      gradientScale,
      beta1,
      oneMinusBeta1,
      beta2,
      oneMinusBeta2,
      decay,
      stepSize,
      inverseRootCorrection,
      epsilon,
    } = coefficients;
    const length = wholeBlocks(count);
    const ps = this.view(p, length);
    const gs = this.view(g, length);
    const ms = this.view(m, length);
    const vs = this.view(v, length);
    for (let i = 0; i < length; i++) {
      const gradient = fround(gs[i]! * gradientScale);
      const first = fround(fround(beta1 * ms[i]!) + fround(oneMinusBeta1 * gradient));
      const second = fround(fround(beta2 * vs[i]!) + fround(oneMinusBeta2 * fround(gradient * gradient)));
      ms[i] = first;
      vs[i] = second;
      const denominator = fround(fround(fround(Math.sqrt(second)) * inverseRootCorrection) + epsilon);
      ps[i] = fround(fround(ps[i]! * decay) - fround(fround(stepSize * first) / denominator));
    }
  }

  sumOfSquares(x: number, count: number): number {
    const length = wholeBlocks(count);
    const xs = this.view(x, length);
    const partial = new Float64Array(8);
    for (let i = 0; i < length; i++) partial[i & 7]! += xs[i]! * xs[i]!;
    const [a, b, c, d, e, f, g, h] = partial as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return a + e + (c + g) + (b + f + (d + h));
  }

  axpy(y: number, x: number, count: number, a: number): void {
    const length = wholeBlocks(count);
    const ys = this.view(y, length);
    const xs = this.view(x, length);
    const factor = fround(a);
    for (let i = 0; i < length; i++) ys[i] = ys[i]! + fround(factor * xs[i]!);
  }

  scale(x: number, count: number, a: number): void {
    const length = wholeBlocks(count);
    const xs = this.view(x, length);
    const factor = fround(a);
    for (let i = 0; i < length; i++) xs[i] = factor * xs[i]!;
  }

  scatterAddRows(table: number, indices: number, values: number, rows: number, width: number): void {
    const { floats, integers } = this;
    let source = values >>> 2;
    for (let row = 0; row < rows; row++) {
      const target = (table >>> 2) + integers[(indices >>> 2) + row]! * width;
      for (let column = 0; column < width; column++) floats[target + column]! += floats[source++]!;
    }
  }

  dropoutMask(x: number, count: number, rate: number, state: Uint32Array): void {
    const { threshold, factor } = dropoutConstants(rate);
    const length = wholeBlocks(count);
    const xs = this.view(x, length);
    for (let lane = 0; lane < 4; lane++) {
      let s0 = state[lane]! | 0;
      let s1 = state[4 + lane]! | 0;
      let s2 = state[8 + lane]! | 0;
      let s3 = state[12 + lane]! | 0;
      for (let i = lane; i < length; i += 4) {
        xs[i] = (s0 + s3) >>> 0 >= threshold ? factor : 0;
        const t = s1 << 9;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = (s3 << 11) | (s3 >>> 21);
      }
    }
  }

  private view(offset: number, length: number): Float32Array {
    return this.floats.subarray(offset / 4, offset / 4 + length);
  }
}

/** SIMD works on blocks of four. */
function wholeBlocks(count: number): number {
  return Math.ceil(count / 4) * 4;
}
