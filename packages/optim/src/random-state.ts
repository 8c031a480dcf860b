/**
 * The start of an independent random stream named by integers, such as (seed, step, micro-batch, input): 16 words,
 * four for each of the four interleaved generators of `Kernels.dropoutMask`. A stream depends on its name alone,
 * so a step can be replayed without what came before it.
 *
 * @param name Integers in the safe range; the order and the number of them matter.
 * @see Steele et al. 2014, "Fast splittable pseudorandom number generators"; the mixing constants are those of
 *   MurmurHash3's 32-bit finalizer.
 */
export function randomState(...name: readonly number[]): Uint32Array<ArrayBuffer> {
  let a = 0x9e3779b9 ^ name.length;
  let b = 0x243f6a88;
  for (const part of name) {
    if (!Number.isSafeInteger(part)) throw new RangeError(`Expected integers to name a random stream, got ${part}`);
    for (const word of [part | 0, Math.floor(part / 2 ** 32) | 0]) {
      a = mix(a ^ word);
      b = mix((b + a) ^ Math.imul(word, 0x85ebca6b));
    }
  }
  const state = new Uint32Array(16);
  for (let i = 0; i < state.length; i++) {
    a = (a + 0x9e3779b9) | 0;
    b = mix(b ^ a);
    state[i] = mix(a) ^ b;
  }
  // xoshiro's only forbidden state is all zeros; words 0–3 belong to the first s-word of the four lanes.
  for (let lane = 0; lane < 4; lane++) state[lane] = state[lane]! | 1;
  return state;
}

function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
