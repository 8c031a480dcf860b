import type { DataLine } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { countRecords, drawFraction, FileSplit } from './file-split.js';

/** A split over files that exist only here. */
function splitOf(files: Record<string, readonly DataLine[]>): FileSplit {
  return new FileSplit({
    name: 'train',
    files: Object.keys(files).map((path) => ({ path, sha256: `digest of ${path}` })),
    display: (path) => path.toUpperCase(),
    async *read(path) {
      yield* files[path]!;
    },
  });
}
const numbered = (count: number): DataLine[] => Array.from({ length: count }, (_, i) => ({ line: i + 1, record: i }));
async function recordsOf(split: FileSplit): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const { record } of split.records()) records.push(record);
  return records;
}

describe('FileSplit', () => {
  it('reads its files one after the other and tells where each record stands', async () => {
    const split = splitOf({ a: [{ line: 2, record: 'x' }], b: [{ line: 1, record: 'y' }] });
    const seen = [];
    for await (const entry of split.records()) seen.push(entry);
    expect(seen).toEqual([
      { record: 'x', origin: 'A:2' },
      { record: 'y', origin: 'B:1' },
    ]);
  });

  it('stops at the first bad line with its place', async () => {
    const split = splitOf({ a: [...numbered(2), { line: 3, raw: '{', issue: 'is not JSON' }, { line: 4, record: 3 }] });
    await expect(recordsOf(split)).rejects.toThrow('A:3: is not JSON');
  });

  it('has the digest of its only file, or one over all', () => {
    expect(splitOf({ a: [] }).digest).toBe('digest of a');
    expect(splitOf({ a: [], b: [] }).digest).not.toBe(splitOf({ b: [], a: [] }).digest);
  });

  it('stops when the caller has given up', async () => {
    const controller = new AbortController();
    const read = async () => {
      for await (const { record } of splitOf({ a: numbered(5) }).records(controller.signal)) {
        if (record === 1) controller.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('countRecords', () => {
  it('counts, and refuses nothing at all', async () => {
    await expect(countRecords(splitOf({ a: numbered(7) }))).resolves.toBe(7);
    await expect(countRecords(splitOf({ a: [] }))).rejects.toThrow('holds no records for train');
  });
});

describe('drawFraction', () => {
  const sizes = async (count: number, fraction: number) => {
    const { drawn, rest } = drawFraction(splitOf({ a: numbered(count) }), fraction, 1);
    const [inDrawn, inRest] = [await drawn.belongs(), await rest.belongs()];
    const places = Array.from({ length: count }, (_, i) => i);
    expect(places.every((place) => inDrawn(place) !== inRest(place))).toBe(true);
    return places.filter(inDrawn).length;
  };

  it.each([
    [100, 0.1, 10],
    [15, 0.1, 2],
    [3, 0.01, 1],
    [3, 0.99, 2],
  ])('draws of %i records the fraction %d: %i', async (count, fraction, expected) => {
    expect(await sizes(count, fraction)).toBe(expected);
  });

  it('spreads over the whole file', async () => {
    const { drawn } = drawFraction(splitOf({ a: numbered(1000) }), 0.2, 7);
    const belongs = await drawn.belongs();
    const perHundred = Array.from(
      { length: 10 },
      (_, part) => Array.from({ length: 100 }, (_, i) => belongs(part * 100 + i)).filter(Boolean).length,
    );
    // Hypergeometric with mean 20 and deviation about 3.8: five deviations either way.
    expect(Math.min(...perHundred)).toBeGreaterThan(1);
    expect(Math.max(...perHundred)).toBeLessThan(39);
  });
});
