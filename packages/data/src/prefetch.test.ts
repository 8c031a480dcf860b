import { describe, expect, it } from 'vitest';
import { prefetch } from './prefetch.js';

async function* count(to: number, log: string[] = []): AsyncGenerator<number> {
  try {
    for (let i = 1; i <= to; i++) {
      log.push(`read ${i}`);
      yield i;
    }
  } finally {
    log.push('closed');
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('prefetch', () => {
  it('yields what the source yields, in order', async () => {
    expect(await collect(prefetch(count(10), 3))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await collect(prefetch(count(0), 3))).toEqual([]);
    expect(await collect(prefetch(count(2), 0))).toEqual([1, 2]);
  });

  it('reads that many elements ahead and no more', async () => {
    const log: string[] = [];
    const iterator = prefetch(count(10, log), 2);
    await iterator.next();
    await new Promise((done) => setTimeout(done, 5));
    expect(log).toEqual(['read 1', 'read 2', 'read 3']);
    await iterator.return();
  });

  it('closes the source when the consumer leaves early', async () => {
    const log: string[] = [];
    for await (const item of prefetch(count(10, log), 2)) if (item === 2) break;
    expect(log.at(-1)).toBe('closed');
  });

  it('throws the error of the source after the elements before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error('disk on fire');
    }
    const seen: number[] = [];
    const run = async () => {
      for await (const item of prefetch(failing(), 5)) seen.push(item);
    };
    await expect(run()).rejects.toThrow('disk on fire');
    expect(seen).toEqual([1, 2]);
  });
});
