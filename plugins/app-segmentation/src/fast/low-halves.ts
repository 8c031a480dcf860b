/** Whether the half of a number that counts less comes first in memory, as on all but a few machines. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Writes numbers into 64 bits each, at a tenth of the cost of making a BigInt of every one. */
export interface LowHalves {
  readonly target: BigInt64Array<ArrayBuffer>;
  /** Copies `source[from..to)` to `at`. */
  set(source: Int32Array, from: number, to: number, at: number): void;
}

/** @param target where all numbers are, and remain, at least 0 and below 2³¹. */
export function lowHalves(target: BigInt64Array<ArrayBuffer>): LowHalves {
  const halves = new Int32Array(target.buffer, target.byteOffset, 2 * target.length);
  const low = isLittleEndian ? 0 : 1;
  return {
    target,
    set(source, from, to, at) {
      for (let i = from, half = 2 * at + low; i < to; i++, half += 2) halves[half] = source[i]!;
    },
  };
}
