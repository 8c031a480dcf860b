import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { passageOf } from '../text/passage.js';
import { committedBy, finalCuts, LONGEST_SENTENCE, type PartialOptions } from './partial.js';

const passage = (text: string) => atOnce(passageOf(unitsOf(text)));
function final(text: string, cuts: readonly number[], options: Partial<PartialOptions> = {}, ends?: Float32Array) {
  const it = passage(text);
  const decoded = { cuts, chosen: [], ends: ends ?? new Float32Array(it.count) };
  return finalCuts(it, decoded, { rightContext: 4, minLength: 2, pause: false, threshold: 0.5, ...options });
}

describe('a cut of a partial result is final', () => {
  it('once enough has come after it', () => {
    expect(final('打开空调明天天', [3])).toEqual([]);
    expect(final('打开空调明天天气', [3])).toEqual([3]);
    expect(final('打开空调明天', [3], { rightContext: 2 })).toEqual([3]);
    expect(final('打开空调明天', [3], { rightContext: 2, minLength: 3 })).toEqual([]);
  });

  it('after a pause, and then so is the whole text where it is likely to end', () => {
    expect(final('打开空调明天', [3], { pause: true })).toEqual([3]);
    const ends = Float32Array.from([0, 0, 0, 0, 0, 0.5]);
    expect(final('打开空调明天', [3], { pause: true }, ends)).toEqual([3, 5]);
    expect(final('打开空调明天', [3], { pause: true, threshold: 0.6 }, ends)).toEqual([3]);
    expect(final('打开空调。', [], { pause: true })).toEqual([3]);
    expect(final('', [], { pause: true })).toEqual([]);
  });

  it('as soon as something follows, where it was written', () => {
    expect(final('打开空调。', [])).toEqual([]);
    expect(final('打开空调。明', [3])).toEqual([3]);
  });

  it('where a sentence has grown too long, at its likeliest place', () => {
    const count = 2 * LONGEST_SENTENCE + 10;
    const ends = new Float32Array(count);
    ends[10] = 0.4;
    ends[400] = 0.2;
    expect(final('字'.repeat(count), [], {}, ends)).toEqual([400, 400 + LONGEST_SENTENCE]);
    expect(final('字'.repeat(LONGEST_SENTENCE + 4), [], {}, ends)).toEqual([]);
    expect(final('字'.repeat(count), [600, 700], {}, ends)).toEqual([400, 600, 700]);
  });
});

it('what is final reaches to the next character that is read', () => {
  expect(committedBy(passage('打开。 明天'), [1])).toBe(4);
  expect(committedBy(passage('打开'), [])).toBe(0);
});
