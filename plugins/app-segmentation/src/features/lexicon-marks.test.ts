import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { Dictionary } from '../lexicon/dictionary.js';
import { lexiconMarks, MARKS } from './lexicon-marks.js';

const names = ['B2', 'B3', 'B4', 'M3', 'M4', 'E2', 'E3', 'E4'];
function marksOf(text: string, ...words: string[]): string[] {
  const marks = atOnce(lexiconMarks(unitsOf(text), new Dictionary(words.map((surface) => ({ surface })))));
  return Array.from(marks, (bits) => names.filter((_, bit) => (bits >> bit) & 1).join(' '));
}

describe('lexiconMarks', () => {
  it('say by place and length what a unit may be part of', () => {
    expect(names).toHaveLength(MARKS);
    expect(marksOf('看电视', '电视')).toEqual(['', 'B2', 'E2']);
    expect(marksOf('洗衣机', '洗衣机')).toEqual(['B3', 'M3', 'E3']);
    expect(marksOf('移动互联网', '移动互联网')).toEqual(['B4', 'M4', 'M4', 'M4', 'E4']);
  });

  it('keep matches that overlap, and leave out words of one unit', () => {
    expect(marksOf('洗衣机', '洗衣', '衣机', '洗衣机', '机')).toEqual(['B2 B3', 'B2 M3 E2', 'E2 E3']);
    expect(marksOf('iPhone好', 'iPhone', 'Phone好')).toEqual(['', '']);
  });
});
