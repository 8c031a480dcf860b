import { describe, expect, it } from 'vitest';
import { joined, parseExample } from './example.js';
import { RecordFields } from './options.js';

const fields = new RecordFields();
const parse = (record: unknown) => parseExample(record, fields).pieces;
const shown = (record: unknown) =>
  parse(record).map(({ text, marks, ends, hasLastMark }) => [
    text,
    marks && Array.from(marks, ([at, mark]) => `${at}${mark}`).join(' '),
    [...ends].join(' '),
    hasLastMark,
  ]);

describe('a record is', () => {
  it('a text with a label for every code point', () => {
    const record = { input: '😀好再 见吧', labels: '_，__。_' };
    expect(shown(record)).toEqual([['😀好再 见吧', '3， 6。', '6', true]]);
    // A mark after white space belongs to the character before it.
    expect(shown({ input: '好 吧', labels: '_。_' })).toEqual([['好 吧', '1。', '1', true]]);
  });

  it('a punctuated text, whose marks become labels', () => {
    expect(shown({ text: '你好,请开灯。谢谢!' })).toEqual([['你好请开灯谢谢', '2， 5。 7！', '5 7', true]]);
    expect(shown({ text: '打开空调', intent: 'x' })).toEqual([['打开空调', undefined, '4', false]]);
    expect(shown({ text: '你好，开灯 ' })).toEqual([['你好开灯 ', '2，', '4', false]]);
    expect(shown({ text: '真的？！3.14吗' })).toEqual([['真的3.14吗', '2？', '2 7', false]]);
  });

  it('queries or turns, which have nothing to do with each other', () => {
    expect(shown({ queries: ['开灯', '你好。'] })).toEqual([
      ['开灯', undefined, '2', false],
      ['你好', '2。', '2', true],
    ]);
    expect(shown({ turns: ['好', { speaker: 'usr', text: '不好' }, '！'] })).toHaveLength(2);
  });

  it.each([
    [[], '', 'must be a JSON object'],
    [{}, '/input', 'is missing; a record needs input with labels, or one of queries, turns, text'],
    [{ input: '', labels: '' }, '/input', 'must be a non-empty string'],
    [{ input: '好', labels: 1 }, '/labels', 'must be a string'],
    [{ input: '😀好', labels: '___' }, '/labels', 'has 3 labels, but there are 2 characters'],
    [{ input: '好', labels: 'x' }, '/labels', 'has "x" for character 0'],
    [{ queries: [] }, '/queries', 'must be a list of texts'],
    [{ queries: ['好', 7] }, '/queries/1', 'must be a non-empty string'],
    [{ turns: [{ text: '' }] }, '/turns/0/text', 'must be a non-empty string'],
    [{ text: '\ud800' }, '/text', 'holds half of a surrogate pair'],
    [{ text: '……' }, '', 'holds nothing but marks'],
    [{ input: '…', labels: '_' }, '', 'holds nothing but marks'],
  ])('refused: %j', (record, path, message) => {
    expect(() => parse(record)).toThrow(
      expect.objectContaining({ issues: [{ path, message: expect.stringContaining(message) }] }),
    );
  });
});

describe('joined pieces', () => {
  it('end where each of them ends', () => {
    const { text, ends, marks, hasLastMark } = joined(parse({ queries: ['打开空调', '你好，明天天气怎么样？'] }));
    expect([text, [...ends], marks, hasLastMark]).toEqual(['打开空调你好明天天气怎么样', [4, 13], undefined, true]);
  });

  it('know their marks where every piece does', () => {
    const { marks } = joined(parse({ queries: ['好的。', '你好，再见'] }));
    expect([...marks!]).toEqual([
      [2, '。'],
      [4, '，'],
    ]);
  });

  it('do not run words and numbers into each other', () => {
    expect(joined(parse({ queries: ['play OK', 'stop it', '18', '3号'] })).text).toBe('play OK stop it 18 3号');
    expect(joined(parse({ queries: ['播放OK', '好'] })).text).toBe('播放OK好');
  });
});
