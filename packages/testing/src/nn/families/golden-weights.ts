import type { DeclaredParameter } from '@zooid/nn';
import { type HostTensor, tensor } from '@zooid/tensor';

/** The pseudo-random numbers in [-1/2, 1/2) that `__golden__/make_goldens.py` gives a name; `shift` is added to each. */
export function goldenValues(name: string, size: number, shift = 0): Float32Array {
  let state = 2166136261;
  for (const byte of new TextEncoder().encode(name)) state = Math.imul(state ^ byte, 16777619) >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5 + shift;
  });
}

/** The weights of the golden models; scales of a LayerNorm stand around 1. */
export function goldenWeights(parameters: readonly DeclaredParameter[]): Map<string, HostTensor<'float32'>> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const isScale = /(norm|ln_\w+)\.weight$/i.test(name);
      return [name, tensor('float32', goldenValues(name, size, isScale ? 1 : 0), shape)];
    }),
  );
}
