import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { expect, it } from 'vitest';
import { joined, parseExample } from './example.js';
import { goldOf, IGNORED } from './labels.js';
import { RecordFields } from './options.js';
import { passageOf } from './text/passage.js';

const options = { marks: ['，', '。', '？', '！'], fold: { '、': '，', '；': '' } };
function gold(record: unknown) {
  const piece = joined(parseExample(record, new RecordFields()).pieces);
  const { cut, punct, ...lost } = goldOf(atOnce(passageOf(unitsOf(piece.text))), piece, options);
  return { cut: Array.from(cut), punct: Array.from(punct), ...lost };
}

it('says where sentences end and which mark follows, marks folded or dropped', () => {
  expect(gold({ text: '甲、乙；丙：丁。戊？' })).toEqual({
    cut: [0, 0, 0, 1, 1],
    punct: [1, 0, 0, 2, 3],
    lostCuts: 0,
    lostMarks: [0, 0, 0, 0, 0],
  });
});

it('knows nothing of marks that were not typed', () => {
  expect(gold({ text: '开灯' }).punct).toEqual([IGNORED, IGNORED]);
  expect(gold({ text: '好，开灯' }).punct).toEqual([1, 0, IGNORED]);
});

it('ends sentences after closing marks', () => {
  expect(gold({ input: '“好”走', labels: '_。__' })).toMatchObject({ cut: [0, 0, 1, 0], punct: [0, 2, 0, 0] });
});

it('counts what is inside a number as lost', () => {
  expect(gold({ input: '在19961997年', labels: '____。____。' })).toMatchObject({
    cut: [0, 0, 1],
    lostCuts: 1,
    lostMarks: [0, 0, 1, 0, 0],
  });
});
