import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { passageOf } from '../text/passage.js';
import { chooseMarks, cutsOfMarks, endProbabilities, withMarks } from './marks.js';

const marks = ['，', '。', '？'];
/** Probabilities of the marks at some places; the other places have none. */
function probabilitiesOf(count: number, at: Readonly<Record<number, readonly number[]>>): Float32Array {
  const rows = Array.from({ length: count }, (_, place) => {
    const given = at[place] ?? [0, 0, 0];
    return [1 - given.reduce((sum, p) => sum + p, 0), ...given];
  });
  return Float32Array.from(rows.flat());
}

function restored(text: string, at: Readonly<Record<number, readonly number[]>>, threshold = 0.5) {
  const passage = atOnce(passageOf(unitsOf(text)));
  const chosen = chooseMarks(passage, probabilitiesOf(passage.count, at), { marks, threshold });
  const whole = withMarks(passage, chosen, { start: 0, end: text.length });
  return { whole, cuts: cutsOfMarks(passage, chosen) };
}

describe('marks', () => {
  it('are written where any is likely enough, and the likeliest of them is', () => {
    const at = { 1: [0.3, 0.25, 0], 3: [0.1, 0.2, 0.6], 4: [0.2, 0.2, 0.05] };
    expect(restored('你好吃了吗', at)).toEqual({ whole: '你好，吃了？吗', cuts: [3] });
    expect(restored('你好吃了吗', at, 0.4).whole).toBe('你好，吃了？吗，');
    expect(restored('你好吃了吗', at, 0.6).whole).toBe('你好吃了？吗');
  });

  it('stand before the white space, and never beside a mark that is there', () => {
    const at = { 1: [1, 0, 0], 3: [0, 1, 0] };
    expect(restored('你好 世界 ', at).whole).toBe('你好， 世界。 ');
    expect(restored('你好、世界!', at)).toEqual({ whole: '你好、世界!', cuts: [] });
  });

  it('end sentences after closing quotation marks, and so does what is written', () => {
    expect(restored('“好”走', { 1: [0, 1, 0] })).toEqual({ whole: '“好。”走', cuts: [2] });
    expect(restored('好！走吧\n来', {}).cuts).toEqual([0, 2]);
  });

  it('say how likely the end of a sentence is', () => {
    const found = endProbabilities(probabilitiesOf(2, { 1: [0.25, 0.25, 0.5] }), marks);
    expect(Array.from(found)).toEqual([0, 0.75]);
  });
});
