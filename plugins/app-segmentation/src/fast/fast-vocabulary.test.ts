import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { characterRow, FastVocabulary, pairRow } from './fast-vocabulary.js';

const counted = { characterMinCount: 2, pairMinCount: 2, maxPairs: 3 };
const texts = ['我在北京𠮷', '他在北京', '北京 2020 年 Windows 𠮷', 'A股'].map(unitsOf);
const vocabulary = FastVocabulary.count(texts, counted);
const parse = (characters: string, pairs: string) => FastVocabulary.parse({ characters, pairs }, 'fast');
const rowsOf = (text: string, of = vocabulary) => {
  const { characters, pairs } = of.rowsOf(unitsOf(text));
  return { characters: [...characters], pairs: [...pairs] };
};

describe('FastVocabulary', () => {
  it('has a row for every frequent character, and pairs of those, the most frequent first', () => {
    expect(vocabulary.charactersText()).toBe('京\n北\n在\n𠮷\n');
    expect(vocabulary.pairsText()).toBe('北\t京\n在\t北\n');
    expect([vocabulary.characterRows, vocabulary.pairRows]).toEqual([6 + 4, 2 + 2]);
  });

  it('tells white space, numbers and words apart, and takes single letters for characters', () => {
    const { space, number, word, unknown } = characterRow;
    expect(rowsOf('京 2020 Windows\n𠮷我A').characters).toEqual([
      6,
      space,
      number,
      space,
      word,
      space,
      9,
      unknown,
      unknown,
    ]);
    const letters = FastVocabulary.count([unitsOf('A股A股')], counted);
    expect(letters.charactersText()).toBe('A\n股\n');
  });

  it('gives each unit the pair with the one before it, or with the edge', () => {
    expect(rowsOf('北京').pairs).toEqual([expect.any(Number), 2]);
    expect(rowsOf('京北').pairs[1]).toBe(pairRow.unknown);
  });

  it('writes stretches as it writes the whole, wherever they begin', () => {
    const units = unitsOf('我在北京 2020 年在北京𠮷');
    const whole = vocabulary.rowsOf(units);
    for (let from = 0; from < units.count; from++) {
      const size = 2 * (units.count - from);
      const part = { characters: new Int32Array(size), pairs: new Int32Array(size) };
      vocabulary.writeRows(units, { from, to: units.count }, { ...part, at: 0, stride: 2 });
      expect([...part.characters].filter((_, i) => i % 2 === 0)).toEqual([...whole.characters].slice(from));
      expect([...part.pairs].filter((_, i) => i % 2 === 0)).toEqual([...whole.pairs].slice(from));
    }
  });

  it('is read back from its files', () => {
    const again = parse(vocabulary.charactersText(), vocabulary.pairsText());
    const text = '他在北京 2020 年𠮷买Windows';
    expect(rowsOf(text, again)).toEqual(rowsOf(text));
  });

  it.each([
    ['京\n京\n', '', '/characters/1 must be one character that no other line has, got "京"'],
    ['京北\n', '', '/characters/0 must be one character'],
    ['京\n\n北\n', '', '/characters/1 must be one character'],
    ['京\n', '京\n', '/pairs/0 must be two known characters with a tab between, got "京"'],
    ['京\n', '京\t北\n', '/pairs/0 must be two known characters'],
    ['京\n', '京\t京\t京\n', '/pairs/0 must be two known characters'],
  ])('refuses damaged files: %j, %j', (characters, pairs, message) => {
    expect(() => parse(characters, pairs)).toThrow(message);
  });
});
