import { expect, it } from 'vitest';
import { workerUrl } from './worker-url.js';

it.each([
  ['file:///repo/packages/runtime/src/training/session.ts', 'file:///repo/packages/runtime/dist/training/worker.js'],
  ['file:///repo/packages/runtime/dist/training/session.js', 'file:///repo/packages/runtime/dist/training/worker.js'],
  ['file:///home/src/repo/dist/runtime/src/a.ts', 'file:///home/src/repo/dist/runtime/dist/training/worker.js'],
  ['file:///a%20b/dist/index.js', 'file:///a%20b/dist/training/worker.js'],
])('finds the compiled worker from %s', (from, expected) => {
  expect(workerUrl(from, 'training/worker.js').href).toBe(expected);
});
