import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { type Window, windowsOf } from '../windows.js';
import { BigramVocabulary, PAD_BIGRAM, UNKNOWN_BIGRAM } from './bigrams.js';

const whole = (text: string) => {
  const units = unitsOf(text);
  const [window] = windowsOf(units, 500);
  return [units, window!] as const;
};
const count = (texts: readonly string[], options = {}) =>
  BigramVocabulary.count(texts.map(whole), { minCount: 1, maxSize: 1000, ...options });
/** `left pair|right pair` of each unit, by name. */
const pairsOf = (vocabulary: BigramVocabulary, text: string, window?: Window) => {
  const lines = vocabulary.toText().split('\n');
  const [units, all] = whole(text);
  const names = Array.from(vocabulary.rowsOf(units, window ?? all), (row) =>
    row === UNKNOWN_BIGRAM ? '?' : row === PAD_BIGRAM ? 'pad' : lines[row - 2]!.replace('\t', ''),
  );
  return Array.from({ length: names.length / 2 }, (_, i) => `${names[2 * i]} ${names[2 * i + 1]}`);
};

describe('BigramVocabulary', () => {
  it('pairs every unit with its neighbours, and those at the ends with the edges', () => {
    const text = '这是一家';
    expect(pairsOf(count([text]), text)).toEqual(['<s>这 这是', '这是 是一', '是一 一家', '一家 家</s>']);
    expect(pairsOf(count(['好']), '好')).toEqual(['<s>好 好</s>']);
  });

  it('takes Latin words, numbers and white space for one symbol each, and gives white space no row of its own', () => {
    const vocabulary = count(['买iPhone15花9,999 元']);
    expect(pairsOf(vocabulary, '买a花7 元')).toEqual([
      '<s>买 买<word>',
      '买<word> <word>花',
      '<word>花 花<number>',
      '花<number> <number><space>',
      '<space>元 元</s>',
    ]);
  });

  it('keeps what is frequent enough, most frequent first, and knows nothing of the rest', () => {
    const vocabulary = count(['天天天', '天地'], { minCount: 2 });
    expect(vocabulary.toText()).toBe('天\t天\n<s>\t天\n');
    expect(vocabulary.size).toBe(4);
    expect(pairsOf(vocabulary, '天地')).toEqual(['<s>天 ?', '? ?']);
    expect(count(['天天天', '天地'], { maxSize: 1 }).toText()).toBe('天\t天\n');
  });

  it('never gives a unit the row of padding', () => {
    const vocabulary = count(['。！']);
    for (const text of ['天', '天 地', '<s>', 'x😀\u0001y']) {
      const [units, window] = whole(text);
      expect([...vocabulary.rowsOf(units, window)]).not.toContain(PAD_BIGRAM);
    }
  });

  it('looks beyond a window that stops within a clause', () => {
    const vocabulary = count(['一二三四五']);
    const window = { start: 1, end: 3, coreStart: 1, coreEnd: 3, isOpenLeft: true, isOpenRight: true };
    expect(pairsOf(vocabulary, '一二三四五', window)).toEqual(['一二 二三', '二三 三四']);
    const closed = { ...window, isOpenLeft: false, isOpenRight: false };
    expect(pairsOf(vocabulary, '一二三四五', closed)).toEqual(['? 二三', '二三 ?']);
  });

  it('is read as it was written, characters beyond the basic plane and tabs in texts included', () => {
    const text = '𠮷野\t<s>家😀';
    const vocabulary = count([text]);
    const again = BigramVocabulary.parse(vocabulary.toText(), 'bigrams.tsv');
    expect(again.toText()).toBe(vocabulary.toText());
    expect(pairsOf(again, text)).toEqual(pairsOf(vocabulary, text));
    expect(BigramVocabulary.parse('', 'bigrams.tsv').size).toBe(2);
  });

  it.each(['ab\n', '天\t地\t人\n', '天地\t人\n', '\n'])('refuses the file %j', (text) => {
    expect(() => BigramVocabulary.parse(text, 'bigrams.tsv')).toThrow(/bigrams.tsv: \/0 must be two symbols/);
  });
});
