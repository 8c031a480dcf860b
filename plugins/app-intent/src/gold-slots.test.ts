import { toNumbers } from '@zooid/tensor';
import { tokenizerFromVocab } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { positionGoldSlots, slotLabelTensor } from './gold-slots.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const tokenizer = tokenizerFromVocab([...special, ...'听晴天在北京', 'jay', 'ch', '##ou'], { lowercase: true });
const types = ['city', 'song'];
const rowOf = (text: string, slots: [type: string, value: string][], maxLength = 16) => {
  const encoding = tokenizer.encode(text, { maxLength });
  const gold = slots.map(([type, value]) => {
    const start = [...text.slice(0, text.indexOf(value))].length;
    return { type, value, start, end: start + [...value].length };
  });
  return { encoding, goldSlots: positionGoldSlots({ text, labels: [], slots: gold }, encoding) };
};

describe('targets of the tagging loss', () => {
  it('name type and place inside slots, 0 outside, and leave special tokens and padding alone', () => {
    const rows = [
      rowOf('😀听晴天在北京', [
        ['song', '晴天'],
        ['city', '北京'],
      ]),
      rowOf('听', []),
    ];
    const targets = slotLabelTensor(rows, 9, types);
    expect(targets.dims).toEqual([2, 9]);
    const [song, city] = [5, 1]; // 1 + 4 · type
    expect(toNumbers(targets).slice(0, 9)).toEqual([-100, 0, 0, song, song + 2, 0, city, city + 2, -100]);
    expect(toNumbers(targets).slice(9)).toEqual([-100, 0, ...Array<number>(7).fill(-100)]);
  });

  it('count word pieces, not characters', () => {
    expect(toNumbers(slotLabelTensor([rowOf('听jay chou', [['song', 'jay chou']])], 6, types))).toEqual([
      -100, 0, 5, 6, 7, -100,
    ]);
    expect(toNumbers(slotLabelTensor([rowOf('听jay', [['song', 'jay']])], 4, types))).toEqual([-100, 0, 8, -100]);
  });

  it('leave out what truncation cut off, and types that are not learnt', () => {
    expect(toNumbers(slotLabelTensor([rowOf('听晴天', [['song', '晴天']], 3)], 3, types))).toEqual([-100, 0, -100]);
    expect(toNumbers(slotLabelTensor([rowOf('听晴天', [['album', '晴天']])], 5, types))).toEqual([-100, 0, 0, 0, -100]);
  });
});
