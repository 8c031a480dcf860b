import { TensorError } from './errors.js';

/** Everything a `Random` is: four words of identity (for `fork`) and four of position. Plain JSON. */
export type RandomState = readonly number[];

/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna 2021), seeded through splitmix32. The same seed and calls give
 * the same numbers on every machine. Not for secrets.
 */
export class Random {
  private readonly words: Uint32Array;

  /** @param seed any whole number; its low 53 bits count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new TensorError(`A seed is a whole number, got ${seed}`);
    this.words = new Uint32Array(8);
    this.start(mixWords(new Uint32Array(4), [seed]));
  }

  /** Continues where `state()` was taken. @throws TensorError when it is not eight uint32 words. */
  static fromState(state: RandomState): Random {
    if (state.length !== 8 || state.some((word) => word >>> 0 !== word)) {
      throw new TensorError(`A random state is 8 words of 32 bits, got ${JSON.stringify(state)}`);
    }
    if (state.slice(4).every((word) => word === 0)) throw new TensorError('A random state cannot be all zero');
    const random = new Random(0);
    random.words.set(state);
    return random;
  }

  state(): RandomState {
    return Array.from(this.words);
  }

  /**
   * An independent stream named by labels: `random.fork('shuffle', epoch)`. It depends on the seed and the labels
   * only, not on how many numbers have been drawn, so adding a draw somewhere disturbs no other stream.
   */
  fork(...labels: readonly (string | number)[]): Random {
    const random = new Random(0);
    random.start(mixWords(this.words.subarray(0, 4), labels));
    return random;
  }

  /** Uniform in [0, 2³²). */
  uint32(): number {
    const s = this.words;
    const s1 = s[5]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    s[6]! ^= s[4]!;
    s[7]! ^= s1;
    s[5]! ^= s[6]!;
    s[4]! ^= s[7]!;
    s[6]! ^= s1 << 9;
    s[7] = rotateLeft(s[7]!, 11);
    return result;
  }

  /** Uniform in [0, 1), in steps of 2⁻³². */
  uniform(): number {
    return this.uint32() * 2 ** -32;
  }

  /** Normal with mean 0 and deviation 1 (Box & Muller 1958; the second number is dropped to keep the state small). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())); // 1 − u is in (0, 1], so the logarithm is finite
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Uniform whole number in [0, n), without modulo bias. @throws TensorError unless 1 ≤ n ≤ 2³². */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new TensorError(`int(n) needs 1 ≤ n ≤ 2^32, got ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < limit) return drawn % n;
    }
  }

  /** True with probability `p`. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(array: T): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [array[i], array[j]] = [array[j], array[i]];
    }
    return array;
  }

  /** One of the elements. @throws TensorError when there are none. */
  choice<T>(array: ArrayLike<T>): T {
    if (array.length === 0) throw new TensorError('choice needs at least one element');
    return array[this.int(array.length)] as T;
  }

  private start(key: Uint32Array): void {
    this.words.set(key, 0);
    this.words.set(key, 4);
    if (key.every((word) => word === 0)) this.words[4] = 1; // the all-zero state is a fixed point
  }
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** Absorbs labels into a 128-bit key. Strings and numbers are tagged, so `'1'` and `1` differ; so do `['a','b']` and `['ab']`. */
function mixWords(key: Uint32Array, labels: readonly (string | number)[]): Uint32Array {
  const words = Uint32Array.from(key);
  let lane = 0;
  const absorb = (word: number) => {
    words[lane & 3] = splitmix(words[lane & 3]! ^ splitmix((word + Math.imul(lane + 1, 0x9e3779b9)) | 0));
    lane++;
  };
  for (const label of labels) {
    if (typeof label === 'number') {
      if (!Number.isSafeInteger(label))
        throw new TensorError(`A stream label is a string or a whole number, got ${label}`);
      absorb(1);
      absorb(label | 0);
      absorb(Math.floor(label / 2 ** 32) | 0);
    } else {
      absorb(2);
      absorb(label.length);
      for (let i = 0; i < label.length; i++) absorb(label.charCodeAt(i));
    }
  }
  for (let i = 0; i < 8; i++)
    words[i & 3] = splitmix(words[i & 3]! ^ words[(i + 3) & 3]! ^ Math.imul(i + 1, 0x9e3779b9));
  return words;
}

/** The finaliser of splitmix32: a bijection of 32-bit words in which every input bit reaches every output bit. */
function splitmix(word: number): number {
  let z = (word + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
