import type { Window } from '../windows.js';

/** A stretch of units that the network reads at once, and the part of it that it sees from both sides. */
export type Chunk = Pick<Window, 'start' | 'end' | 'coreStart' | 'coreEnd'>;

/**
 * Chunks with cores of at most `size` units that follow one another, each read with the `reach` units on both sides that a
 * convolutional network sees: together they are as good as the whole text at once.
 */
export function* chunksOf(count: number, size: number, reach: number): Generator<Chunk, void> {
  for (let coreStart = 0; coreStart < count; coreStart += size) {
    const coreEnd = Math.min(count, coreStart + size);
    yield { start: Math.max(0, coreStart - reach), end: Math.min(count, coreEnd + reach), coreStart, coreEnd };
  }
}
