import { atOnce } from '@zooid/data';
import { Random } from '@zooid/tensor';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { Dictionary } from './dictionary.js';
import { preferMatches } from './prefer.js';

const surfaces = (...all: string[]) => new Dictionary(all.map((surface) => ({ surface })));
function found(dictionary: Dictionary, text: string): string[] {
  const matches: string[] = [];
  atOnce(dictionary.matches(unitsOf(text), ({ surface }, first, end) => matches.push(`${surface} ${first} ${end}`)));
  return matches;
}

describe('Dictionary', () => {
  it('finds every entry at unit borders, overlapping ones too, in the order of their ends', () => {
    expect(found(surfaces('移动', '动互', '互联网', '网'), '移动互联网')).toEqual([
      '移动 0 2',
      '动互 1 3',
      '互联网 2 5',
      '网 4 5',
    ]);
    expect(found(surfaces('Win', 'Windows', 'Windows 98', '98'), 'Windows 98')).toEqual([
      'Windows 0 1',
      'Windows 98 0 3',
      '98 2 3',
    ]);
  });

  it('finds each match once, however many steps that takes', () => {
    const length = 2000;
    const dictionary = surfaces(...Array.from({ length: 60 }, (_, i) => '的'.repeat(i + 1)));
    const counts = new Map<number, number>();
    const search = dictionary.matches(unitsOf('的'.repeat(length)), (_, first, end) =>
      counts.set(end - first, (counts.get(end - first) ?? 0) + 1),
    );
    let steps = 0;
    while (search.next().done !== true) steps++;
    expect(steps).toBeGreaterThan(2);
    expect([...counts].sort(([a], [b]) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, i) => [i + 1, length - i] as const),
    );
  });

  it('keeps one of entries that say the same, the heaviest', () => {
    const { entries, size } = new Dictionary([
      { surface: '天', weight: 2 },
      { surface: '天' },
      { surface: '天', weight: 3 },
      { surface: '天', granularity: 'fine', weight: 1 },
    ]);
    expect([size, entries]).toEqual([2, [{ surface: '天' }, { surface: '天', granularity: 'fine', weight: 1 }]]);
  });

  it('has another version when its entries differ', () => {
    expect(surfaces('天').version).toBe(surfaces('天').version);
    expect(surfaces('天').version).not.toBe(new Dictionary([{ surface: '天', weight: 1 }]).version);
  });
});

describe('preferMatches', () => {
  it('adds to each tag what its matches weigh, as adding them one by one does', () => {
    const random = new Random(5);
    const characters = ['甲', '乙', '丙', 'ab', ' '];
    const text = (most: number) =>
      Array.from({ length: 1 + random.int(most) }, () => random.choice(characters)).join('');
    for (let round = 0; round < 500; round++) {
      const units = unitsOf(text(30));
      const entries = Array.from({ length: 6 }, () => ({ surface: `甲${text(4)}`, weight: 1 + random.int(9) }));
      const dictionary = new Dictionary(entries);
      const emissions = new Float32Array(4 * units.count);
      const rules = new Uint8Array(units.count + 1);
      atOnce(preferMatches(units, dictionary, { emissions, rules, applies: () => true }));
      const expected = new Float32Array(4 * units.count);
      atOnce(
        dictionary.matches(units, ({ weight = 0 }, first, end) => {
          for (let unit = first; unit < end; unit++) {
            const tag = end - first === 1 ? 3 : unit === first ? 0 : unit === end - 1 ? 2 : 1;
            expected[4 * unit + tag]! += weight;
          }
        }),
      );
      expect([...emissions]).toEqual([...expected]);
    }
  });
});
