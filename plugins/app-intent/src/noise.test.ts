import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { perturbMatches } from './noise.js';
import { NoiseOptions } from './options.js';
import { type PlacedMatch, placesOfSpan } from './placed-match.js';

const types = ['album', 'singer', 'song'];
const matchAt = (first: number, length: number, sole = false): PlacedMatch => ({
  match: { entry: 0, surface: 'x', type: 'song', start: first - 1, end: first - 1 + length, popularity: 1 },
  first,
  places: placesOfSpan(length),
  sole,
});
const quiet = { drop: 0, falseMatch: 0, swapType: 0, leaveOneOut: false };
const optionsOf = (options: Partial<NoiseOptions>): NoiseOptions => Object.assign(new NoiseOptions(), quiet, options);
const rounds = 20_000;
/** Within four standard deviations of a share that was drawn `rounds` times. */
const expectShare = (count: number, share: number, draws = rounds) =>
  expect(Math.abs(count / draws - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / draws));

const perturb = (matches: readonly PlacedMatch[], options: Partial<NoiseOptions>, length = 12) => {
  const random = new Random(5);
  return Array.from({ length: rounds }, () => perturbMatches(matches, length, types, optionsOf(options), random));
};

describe('training noise', () => {
  it('leaves everything as it is when it is off', () => {
    const matches = [matchAt(1, 3), matchAt(2, 1)];
    expect(perturbMatches(matches, 12, types, optionsOf({}), new Random(1))).toEqual(matches);
  });

  it('drops each match with its probability, whole', () => {
    const results = perturb([matchAt(1, 3), matchAt(5, 2)], { drop: 0.15 });
    expectShare(results.flat().length, 0.85, 2 * rounds);
    expectShare(results.filter((kept) => kept.length === 0).length, 0.15 ** 2);
  });

  it('gives a match another type with its probability, each other type as often', () => {
    const results = perturb([matchAt(1, 3)], { swapType: 0.3 }).map(([placed]) => placed!.match.type);
    expectShare(results.filter((type) => type !== 'song').length, 0.3);
    expectShare(results.filter((type) => type === 'album').length, 0.15);
    const single = perturbMatches([matchAt(1, 3)], 12, ['song'], optionsOf({ swapType: 1 }), new Random(1));
    expect(single[0]!.match.type).toBe('song');
  });

  it('adds a false match of 2 to 4 characters inside the text with its probability', () => {
    const results = perturb([], { falseMatch: 0.05 }, 6);
    const added = results.flat();
    expectShare(added.length, 0.05);
    for (const { first, places, match } of added) {
      expect(first).toBeGreaterThanOrEqual(1);
      expect(first + places.length).toBeLessThanOrEqual(5);
      expect(places.length).toBeGreaterThanOrEqual(2);
      expect(places.length).toBeLessThanOrEqual(4);
      expect(types).toContain(match.type);
      expect(places[0]).toEqual(['B']);
      expect(places.at(-1)).toEqual(['E']);
    }
    expect(new Set(added.map(({ places }) => places.length))).toEqual(new Set([2, 3, 4]));
  });

  it('adds nothing to a text of one character, or where no type is known', () => {
    expect(perturb([], { falseMatch: 1 }, 3).flat()).toEqual([]);
    expect(perturbMatches([], 12, [], optionsOf({ falseMatch: 1 }), new Random(1))).toEqual([]);
  });

  it('hides matches known from this text only, when asked to', () => {
    const matches = [matchAt(1, 3, true), matchAt(5, 2)];
    expect(perturbMatches(matches, 12, types, optionsOf({ leaveOneOut: true }), new Random(1))).toEqual([matches[1]]);
  });

  it('is a function of its generator', () => {
    const draw = () =>
      perturbMatches([matchAt(1, 3), matchAt(5, 2)], 12, types, new NoiseOptions(), new Random(9).fork('collate', 3));
    expect(draw()).toEqual(draw());
  });
});
