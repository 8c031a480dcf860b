import { atOnce } from '@zooid/data';
import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { boundaryRule, decodeBoundaries } from './boundaries.js';

const letters = ['B', 'M', 'E', 'S'];

/** B, M, E, S by the boundaries on both sides of each unit. */
function tagsOf(boundaries: Uint8Array): string {
  return Array.from(boundaries.subarray(1), (after, i) => {
    const before = boundaries[i]!;
    return before === 1 ? (after === 1 ? 'S' : 'B') : after === 1 ? 'E' : 'M';
  }).join('');
}
const scoreOf = (sequence: string, emissions: Float32Array): number =>
  Array.from(sequence, (tag, i) => emissions[4 * i + letters.indexOf(tag)]!).reduce((a, b) => a + b, 0);

/** The grammar of the paper, stated apart from the implementation: legal moves, legal starts and ends. */
const legalMoves: Readonly<Record<string, string>> = { B: 'ME', M: 'ME', E: 'BS', S: 'BS' };
const isLegal = (sequence: string): boolean =>
  'BS'.includes(sequence[0]!) &&
  'ES'.includes(sequence.at(-1)!) &&
  Array.from(sequence.slice(1)).every((tag, i) => legalMoves[sequence[i]!]!.includes(tag));

function allSequences(length: number): string[] {
  return Array.from({ length: 4 ** length }, (_, code) =>
    Array.from({ length }, (_, i) => letters[Math.floor(code / 4 ** i) % 4]).join(''),
  );
}

/** Whether a sequence keeps the rules for the places before each unit. */
const keeps = (sequence: string, rules: Uint8Array): boolean =>
  Array.from(sequence).every((tag, i) => {
    const isStart = tag === 'B' || tag === 'S';
    if (i === 0) return true;
    return rules[i] === boundaryRule.forbidden ? !isStart : rules[i] === boundaryRule.free ? true : isStart;
  });

const emissionsFrom = (random: Random, count: number) =>
  Float32Array.from({ length: 4 * count }, () => 3 * random.normal());

describe('decodeBoundaries', () => {
  it('gives the golden answer of the specification', () => {
    // B, M, E, S per unit; the best tag of each, E B M, is illegal.
    const emissions = Float32Array.from([0, 0, 2, 1, 1, 0, 0.2, 0.9, 0, 1.5, 1.4, 1]);
    const sequence = tagsOf(atOnce(decodeBoundaries(emissions, new Uint8Array(4))));
    expect(sequence).toBe('SBE');
    expect(scoreOf(sequence, emissions)).toBeCloseTo(3.4, 6);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('finds the best of all legal sequences of %i units', (count) => {
    const legal = allSequences(count).filter(isLegal);
    expect(legal).toHaveLength(2 ** (count - 1));
    const random = new Random(count);
    for (let round = 0; round < 100; round++) {
      const emissions = emissionsFrom(random, count);
      const sequence = tagsOf(atOnce(decodeBoundaries(emissions, new Uint8Array(count + 1))));
      expect(legal).toContain(sequence);
      const best = Math.max(...legal.map((other) => scoreOf(other, emissions)));
      expect(scoreOf(sequence, emissions)).toBeCloseTo(best, 4);
    }
  });

  it('finds the best of those that keep the rules', () => {
    const random = new Random(5);
    const legal = allSequences(6).filter(isLegal);
    const kinds = Object.values(boundaryRule);
    for (let round = 0; round < 300; round++) {
      const emissions = emissionsFrom(random, 6);
      const rules = Uint8Array.from({ length: 7 }, () => random.choice(kinds));
      const sequence = tagsOf(atOnce(decodeBoundaries(emissions, rules)));
      const allowed = legal.filter((other) => keeps(other, rules));
      expect(allowed).toContain(sequence);
      const best = Math.max(...allowed.map((other) => scoreOf(other, emissions)));
      expect(scoreOf(sequence, emissions)).toBeCloseTo(best, 4);
    }
  });

  it('pauses on long texts, and answers no different for it', () => {
    const count = 50_000;
    const emissions = emissionsFrom(new Random(9), count);
    let pauses = 0;
    const work = decodeBoundaries(emissions, new Uint8Array(count + 1));
    let step = work.next();
    for (; step.done !== true; step = work.next()) pauses++;
    expect(pauses).toBeGreaterThanOrEqual(4);
    expect(isLegal(tagsOf(step.value))).toBe(true);
    // A required boundary cuts a text into two that are decoded as each by itself.
    const middle = count / 2;
    const rules = new Uint8Array(count + 1);
    rules[middle] = boundaryRule.required;
    const whole = tagsOf(atOnce(decodeBoundaries(emissions, rules)));
    const parts = [emissions.subarray(0, 4 * middle), emissions.subarray(4 * middle)].map((part) =>
      tagsOf(atOnce(decodeBoundaries(part, new Uint8Array(part.length / 4 + 1)))),
    );
    expect(whole).toBe(parts.join(''));
  });
});
