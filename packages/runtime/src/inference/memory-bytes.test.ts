import { expect, it } from 'vitest';
import { memoryBytes } from './memory-bytes.js';

const about = (fileBytes: number, sharedWeights: boolean, workers: number) =>
  memoryBytes({ inputs: [], outputs: [], fileBytes, sharedWeights }, workers);

/** Bytes of files, and what the benchmark serve-memory measured for two workers, in MB. */
it.each([
  ['float32', 409, 751, 1671, 445],
  ['int8', 104, 190, 388, 175],
])('is near what a BERT-base takes in %s', (_, file, copy, own, shared) => {
  expect(Math.abs(about(file * 1e6, false, 2) / (own * 1e6) - 1)).toBeLessThan(0.2);
  expect(Math.abs(about(copy * 1e6, true, 2) / (shared * 1e6) - 1)).toBeLessThan(0.2);
});

it('grows with every worker, but for weights that are shared', () => {
  expect(about(1e9, true, 3) - about(1e9, true, 2)).toBeLessThan(30e6);
  expect(about(1e9, false, 3) - about(1e9, false, 2)).toBeGreaterThan(1.5e9);
});
