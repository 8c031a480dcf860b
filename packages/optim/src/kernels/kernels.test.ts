import { describe, expect, it } from 'vitest';
import { adamwCoefficients, resolveOptimizer } from '../adamw.js';
import { randomState } from '../random-state.js';
import { KernelMemory } from './kernel-memory.js';
import { paddedCount } from './kernels.js';
import { compileWith } from './wasm-kernels.js';

/** Irregular values over many magnitudes, with zeros, subnormals and negatives. */
function values(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    if (i % 17 === 3) return 0;
    if (i % 29 === 5) return 1e-41;
    return Math.sin(i * seed + 0.5) * 10 ** ((i % 13) - 8);
  });
}

interface Trial {
  readonly memory: KernelMemory;
  readonly arrays: readonly [number, number, number, number];
  readonly count: number;
}

function trial(choice: 'wasm' | 'plain', count: number): Trial {
  const memory = new KernelMemory(4 * paddedCount(count), choice);
  const arrays = [1, 2, 3, 4].map((seed) => {
    const offset = memory.allocate(count);
    memory.view(offset, count).set(seed === 4 ? values(count, seed).map(Math.abs) : values(count, seed));
    return offset;
  }) as unknown as Trial['arrays'];
  return { memory, arrays, count };
}

/** Bits, so that -0 and 0 differ. Includes the padding. */
function bits({ memory, arrays, count }: Trial): number[][] {
  return arrays.map((offset) => [...new Uint32Array(memory.buffer, offset, paddedCount(count))]);
}

const counts = [1, 3, 4, 5, 8, 12, 16, 31, 100, 1021];

describe('the WebAssembly kernels agree bit for bit with the plain ones', () => {
  const both = (count: number, run: (trial: Trial) => unknown): void => {
    const [wasm, plain] = [trial('wasm', count), trial('plain', count)];
    expect([wasm.memory.implementation, plain.memory.implementation]).toEqual(['wasm', 'plain']);
    expect(run(wasm)).toEqual(run(plain));
    expect(bits(wasm)).toEqual(bits(plain));
  };

  it.each(counts)('in AdamW over %i elements', (count) => {
    const optimizer = resolveOptimizer({ kind: 'adamw' });
    both(count, ({ memory, arrays: [p, g, m, v] }) => {
      for (let update = 1; update <= 3; update++) {
        const step = { learningRate: 3e-4, update, decays: true, gradientScale: 0.37 };
        memory.kernels.adamw(p, g, m, v, count, adamwCoefficients(optimizer, step));
      }
    });
  });

  it.each(counts)('in the sum of squares of %i elements', (count) => {
    both(count, ({ memory, arrays: [x] }) => memory.kernels.sumOfSquares(x, count));
  });

  it.each(counts)('in axpy and scale over %i elements', (count) => {
    both(count, ({ memory, arrays: [y, x, z] }) => {
      memory.kernels.axpy(y, x, count, 0.3);
      memory.kernels.scale(z, count, -1.7);
    });
  });

  it.each(counts)('in the dropout mask of %i elements', (count) => {
    both(count, ({ memory, arrays: [x] }) => memory.kernels.dropoutMask(x, count, 0.3, randomState(7, count)));
  });

  it.each([1, 3, 4, 6, 16, 257])('in scattering rows of width %i', (width) => {
    both(10 * width, ({ memory, arrays: [table] }) => {
      const indices = Int32Array.from({ length: 33 }, (_, i) => (i * 7) % 10);
      memory.scatterAddRows(table, indices, values(33 * width, 9), width);
    });
  });

  it('in adding a foreign array', () => {
    both(40_001, ({ memory, arrays: [y] }) => memory.addScaled(y, values(40_001, 6), 0.25));
  });
});

describe.each(['wasm', 'plain'] as const)('the %s kernels', (choice) => {
  it('leave the padding of an array at zero', () => {
    const { memory, arrays } = trial(choice, 5);
    const [p, g, m, v] = arrays;
    memory.addScaled(p, values(8, 2).subarray(0, 4), 1);
    memory.addScaled(g, Float32Array.of(1, 2, 3, 4, 5), 1);
    memory.kernels.scale(g, 5, 3);
    const step = { learningRate: 0.1, update: 1, decays: true };
    memory.kernels.adamw(p, g, m, v, 5, adamwCoefficients(resolveOptimizer({ kind: 'adamw' }), step));
    for (const offset of arrays) expect([...memory.view(offset + 20, 11)]).toEqual(new Array(11).fill(0));
  });

  it('sum squares accurately where float32 sums would not', () => {
    const memory = new KernelMemory(1_000_000, choice);
    const x = memory.allocate(1_000_000);
    memory.view(x, 1_000_000).fill(0.1);
    const exact = 1_000_000 * Math.fround(0.1) ** 2;
    expect(memory.kernels.sumOfSquares(x, 1_000_000) / exact).toBeCloseTo(1, 10);
    memory.view(x, 1_000_000).fill(1e30);
    expect(memory.kernels.sumOfSquares(x, 1_000_000) / 1e66).toBeCloseTo(1, 6);
  });

  it('let a single infinity or NaN show in the sum of squares', () => {
    const {
      memory,
      arrays: [x],
    } = trial(choice, 100);
    memory.view(x, 100)[77] = Number.POSITIVE_INFINITY;
    expect(memory.kernels.sumOfSquares(x, 100)).toBe(Number.POSITIVE_INFINITY);
    memory.view(x, 100)[3] = Number.NaN;
    expect(memory.kernels.sumOfSquares(x, 100)).toBeNaN();
  });

  it('scatter repeated rows like a sum over the occurrences', () => {
    const width = 5;
    const memory = new KernelMemory(64, choice);
    const table = memory.allocate(4 * width);
    const rows = [2, 0, 2, 2, 3];
    memory.scatterAddRows(
      table,
      Int32Array.from(rows),
      Float32Array.from({ length: 25 }, (_, i) => i),
      width,
    );
    const expected = new Array(20).fill(0);
    rows.forEach((row, i) => {
      for (let j = 0; j < width; j++) expected[row * width + j] += i * width + j;
    });
    expect([...memory.view(table, 20)]).toEqual(expected);
  });

  it('scatter rows that are wider than the staging area', () => {
    const width = 20_001;
    const memory = new KernelMemory(2 * width + 64, choice);
    const table = memory.allocate(2 * width);
    memory.scatterAddRows(table, Int32Array.of(1, 1), new Float32Array(2 * width).fill(0.5), width);
    expect(memory.view(table, 2 * width).findIndex((x) => x !== 0)).toBe(width);
    expect(memory.view(table, 2 * width).every((x, i) => x === (i < width ? 0 : 1))).toBe(true);
  });

  it('drop at the asked rate and keep the mean at one', () => {
    const count = 400_000;
    const memory = new KernelMemory(count, choice);
    const x = memory.allocate(count);
    memory.kernels.dropoutMask(x, count, 0.1, randomState(11));
    const mask = memory.view(x, count);
    const dropped = mask.filter((value) => value === 0).length;
    // Five standard deviations of the binomial.
    expect(Math.abs(dropped / count - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / count));
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
  });

  it('keep everything at rate 0 and refuse rate 1', () => {
    const {
      memory,
      arrays: [x],
    } = trial(choice, 64);
    memory.kernels.dropoutMask(x, 64, 0, randomState(1));
    expect(memory.view(x, 64).every((value) => value === 1)).toBe(true);
    expect(() => memory.kernels.dropoutMask(x, 64, 1, randomState(1))).toThrow(/\[0, 1\)/);
  });

  it('draw neighbouring and lagged values independently', () => {
    const count = 1 << 18;
    const memory = new KernelMemory(count, choice);
    const x = memory.allocate(count);
    memory.kernels.dropoutMask(x, count, 0.5, randomState(3, 1));
    const mask = memory.view(x, count);
    for (const lag of [1, 2, 3, 4, 8, 64, 256]) {
      let sum = 0;
      for (let i = 0; i + lag < count; i++) sum += (mask[i]! - 1) * (mask[i + lag]! - 1);
      expect(Math.abs(sum / (count - lag))).toBeLessThan(5 / Math.sqrt(count));
    }
  });
});

describe('KernelMemory', () => {
  it('refuses more than it has room for', () => {
    const memory = new KernelMemory(16, 'plain');
    memory.allocate(16);
    expect(() => memory.allocate(1)).toThrow(/free bytes/);
    memory.reset();
    expect(memory.allocate(16)).toBeGreaterThan(0);
  });

  it('refuses a capacity beyond 32-bit addresses', () => {
    expect(() => new KernelMemory(2 ** 30)).toThrow(/at most \d+ elements in one memory/);
  });

  it('works at addresses above 2 GiB', () => {
    const count = 16;
    const memory = new KernelMemory(2 ** 30 - 2 ** 16, 'wasm');
    memory.allocate(2 ** 30 - 2 ** 16 - 64);
    const x = memory.allocate(count);
    expect(x).toBeGreaterThan(2 ** 31);
    memory.view(x, count).fill(2);
    memory.kernels.scale(x, count, 1.5);
    expect(memory.kernels.sumOfSquares(x, count)).toBe(16 * 9);
    memory.scatterAddRows(x, Int32Array.of(3), Float32Array.of(1, 1, 1, 1), 4);
    expect([...memory.view(x + 48, 4)]).toEqual([4, 4, 4, 4]);
  });

  it('falls back to plain code where SIMD does not validate', () => {
    expect(compileWith(undefined)).toBeNull();
    const host = { validate: () => false } as unknown as Parameters<typeof compileWith>[0];
    expect(compileWith(host)).toBeNull();
  });
});
