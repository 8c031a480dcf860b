import { expect, it } from 'vitest';
import { randomState } from './random-state.js';

it('names the same stream by the same integers', () => {
  expect(randomState(1, 2, 3)).toEqual(randomState(1, 2, 3));
});

it('gives every small name its own stream', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 6; seed++) {
    for (let step = 0; step < 50; step++) {
      for (let input = 0; input < 8; input++) seen.add(randomState(seed, step, 0, input).join());
    }
  }
  seen
    .add(randomState(1).join())
    .add(randomState(1, 0).join())
    .add(randomState(-1).join())
    .add(randomState(2 ** 40).join());
  expect(seen.size).toBe(6 * 50 * 8 + 4);
});

it('flips about half of the bits between neighbouring names', () => {
  let flipped = 0;
  for (let step = 0; step < 200; step++) {
    const [a, b] = [randomState(5, step), randomState(5, step + 1)];
    a.forEach((word, i) => {
      for (let x = word ^ b[i]!; x !== 0; x &= x - 1) flipped++;
    });
  }
  expect(flipped / (200 * 512)).toBeCloseTo(0.5, 1);
});

it('refuses anything but integers', () => {
  expect(() => randomState(0.5)).toThrow(/integers/);
});
