import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TensorError } from './errors.js';
import { Random } from './random.js';

const golden = JSON.parse(readFileSync(new URL('./__golden__/xoshiro128starstar.json', import.meta.url), 'utf8')) as {
  streams: { state: number[]; outputs: number[] }[];
};

const draw = (random: Random, count = 8) => Array.from({ length: count }, () => random.uint32());

describe('Random', () => {
  it.each(golden.streams)('draws what the reference implementation draws from $state', ({ state, outputs }) => {
    expect(draw(Random.fromState([0, 0, 0, 1, ...state]), outputs.length)).toEqual(outputs);
  });

  // Checkpoints and published runs depend on these numbers: a change is a break, not a fix.
  it('keeps its streams from version to version', () => {
    expect(draw(new Random(42), 4)).toEqual([320485452, 2822537148, 906919442, 2248999099]);
    expect(draw(new Random(42).fork('shuffle', 3), 4)).toEqual([1869063050, 2439790163, 843105363, 1567296177]);
  });

  it('repeats itself for the same seed and differs for another', () => {
    expect(draw(new Random(7))).toEqual(draw(new Random(7)));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
    expect(draw(new Random(0))).not.toEqual(draw(new Random(2 ** 32)));
    expect(draw(new Random(-1))).not.toEqual(draw(new Random(1)));
  });

  it('continues from a state that went through JSON, and forks alike there', () => {
    const random = new Random(3);
    draw(random, 5);
    const copy = Random.fromState(JSON.parse(JSON.stringify(random.state())));
    expect(draw(copy)).toEqual(draw(random));
    expect(draw(copy.fork('x'))).toEqual(draw(random.fork('x')));
  });

  it('forks by label and not by position', () => {
    const random = new Random(5);
    const before = draw(random.fork('dropout', 1));
    draw(random, 100);
    expect(draw(random.fork('dropout', 1))).toEqual(before);
    const streams = [
      random.fork('dropout', 2),
      random.fork('dropout1'),
      random.fork('dropout', '1'),
      random.fork(1, 'dropout'),
      random.fork('drop', 'out', 1),
    ];
    for (const stream of streams) expect(draw(stream)).not.toEqual(before);
  });

  it('gives forks that do not correlate', () => {
    const random = new Random(6);
    const n = 20_000;
    const [a, b] = [random.fork(0), random.fork(1)];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
    expect(Math.abs(sum / n) * 12).toBeLessThan(4 / Math.sqrt(n)); // four standard errors of a correlation
  });

  it('is uniform on [0, 1): χ² over 64 cells', () => {
    const random = new Random(1);
    const cells = new Array<number>(64).fill(0);
    const n = 64_000;
    for (let i = 0; i < n; i++) cells[Math.floor(random.uniform() * 64)]! += 1;
    const chi2 = cells.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    expect(chi2).toBeGreaterThan(32); // 63 degrees of freedom: both tails beyond 1 in 1000
    expect(chi2).toBeLessThan(104);
  });

  it('draws normals with mean 0, deviation 1 and the right tails', () => {
    const random = new Random(2);
    const n = 50_000;
    const values = Array.from({ length: n }, () => random.normal());
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    const beyondTwo = values.filter((value) => Math.abs(value) > 2).length / n;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.004);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('draws whole numbers evenly, also for a bound that does not divide 2³²', () => {
    const random = new Random(3);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i++) counts[random.int(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    // A bound of ¾·2³² would come out heavier below 2³⁰ if draws were only reduced modulo it.
    let low = 0;
    for (let i = 0; i < 20_000; i++) if (random.int(3 * 2 ** 30) < 2 ** 30) low += 1;
    expect(Math.abs(low / 20_000 - 1 / 3)).toBeLessThan(0.015);
    expect(random.int(1)).toBe(0);
  });

  it('decides with the probability asked for', () => {
    const random = new Random(4);
    let hits = 0;
    for (let i = 0; i < 20_000; i++) if (random.bernoulli(0.1)) hits += 1;
    expect(Math.abs(hits / 20_000 - 0.1)).toBeLessThan(0.01);
    expect(random.bernoulli(0)).toBe(false);
    expect(random.bernoulli(1)).toBe(true);
  });

  it('shuffles in place into every order equally often', () => {
    const random = new Random(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const array = [0, 1, 2];
      expect(random.shuffle(array)).toBe(array);
      counts.set(array.join(), (counts.get(array.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(200);
    expect([...random.shuffle(Uint32Array.of(1, 2, 3))].sort()).toEqual([1, 2, 3]);
  });

  it('chooses among elements and refuses an empty choice', () => {
    const random = new Random(6);
    expect(new Set(Array.from({ length: 100 }, () => random.choice('abc')))).toEqual(new Set(['a', 'b', 'c']));
    expect(() => random.choice([])).toThrow(TensorError);
  });

  it.each([[[1, 2, 3]], [[0, 0, 0, 0, 0, 0, 0, 0]], [[0, 0, 0, 0, -1, 0, 0, 1]], [[0, 0, 0, 0, 0.5, 0, 0, 1]]])(
    'refuses the state %j',
    (state) => {
      expect(() => Random.fromState(state)).toThrow(TensorError);
    },
  );

  it('refuses fractional seeds, labels and bounds', () => {
    expect(() => new Random(0.5)).toThrow('A seed is a whole number, got 0.5');
    expect(() => new Random(1).fork(0.5)).toThrow(TensorError);
    expect(() => new Random(1).int(0)).toThrow('int(n) needs 1 ≤ n ≤ 2^32, got 0');
  });
});
