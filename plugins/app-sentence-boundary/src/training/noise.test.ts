import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { NoiseOptions } from '../options.js';
import { joinAtRandom, type LabelledUnits, withNoise } from './noise.js';

const units = (ids: readonly number[], cut = ids.map((_, i) => Number(i === ids.length - 1))): LabelledUnits => ({
  ids: Int32Array.from(ids),
  cut: Int8Array.from(cut),
  punct: Int8Array.from(cut, (label) => 2 * label),
});
const noise = (values: Partial<NoiseOptions>) =>
  Object.assign(new NoiseOptions(), { swap: 0, drop: 0, breakOff: 0 }, values);

describe('joining', () => {
  const pieces = Array.from({ length: 200 }, (_, i) => units(Array.from({ length: 1 + (i % 9) }, () => i)));

  it('uses every piece once and whole, up to so many in a row that fits', () => {
    const rows = joinAtRandom(pieces, { join: 4, maxUnits: 20 }, new Random(1));
    const seen: number[] = [];
    for (const { ids, cut, punct } of rows) {
      expect(ids.length).toBeLessThanOrEqual(20);
      expect([cut.length, punct.length]).toEqual([ids.length, ids.length]);
      const ends = Array.from(cut.keys()).filter((i) => cut[i] === 1);
      expect(ends.length).toBeLessThanOrEqual(4);
      let start = 0;
      for (const end of ends) {
        const piece = Array.from(ids.subarray(start, end + 1));
        expect(piece).toEqual(Array.from(pieces[piece[0]!]!.ids));
        seen.push(piece[0]!);
        start = end + 1;
      }
      expect(start).toBe(ids.length);
    }
    expect(seen.sort((a, b) => a - b)).toEqual(pieces.map((_, i) => i));
    expect(rows.length).toBeLessThan(150);
  });

  it('is drawn anew by another random, and the same by the same', () => {
    const draw = (seed: number) => joinAtRandom(pieces, { join: 4, maxUnits: 20 }, new Random(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(joinAtRandom(pieces, { join: 1, maxUnits: 20 }, new Random(1))).toHaveLength(200);
  });
});

describe('noise', () => {
  const row = units([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 0, 1]);
  const pool = Int32Array.of(9);

  it('of none changes nothing', () => {
    expect(withNoise(row, pool, noise({}), new Random(1))).toEqual(row);
  });

  it('puts other characters in place, and keeps what is to be learned', () => {
    const { ids, cut } = withNoise(row, pool, noise({ swap: 0.5 }), new Random(1));
    expect(ids).toHaveLength(6);
    expect(ids).toContain(9);
    expect(cut).toEqual(row.cut);
  });

  it('leaves characters out, and moves what followed them', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { ids, cut, punct } = withNoise(row, pool, noise({ drop: 0.4 }), new Random(seed));
      expect(ids[0]).toBe(1);
      const kept = Array.from(ids);
      const wanted = kept.map((id, i) => Number([3, 6].some((end) => id <= end && (kept[i + 1] ?? 7) > end)));
      expect(Array.from(cut)).toEqual(wanted);
      expect(Array.from(punct)).toEqual(wanted.map((label) => 2 * label));
    }
  });

  it('breaks off, where the last label is that of its place', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const { ids, cut } = withNoise(row, pool, noise({ breakOff: 0.9 }), new Random(seed));
      lengths.add(ids.length);
      expect([...cut]).toEqual([...row.cut.subarray(0, ids.length)]);
    }
    expect([...lengths].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
