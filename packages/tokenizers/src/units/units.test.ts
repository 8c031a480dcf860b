import { describe, expect, it } from 'vitest';
import { textOf, type Units, unitKind, unitsOf } from './units.js';

const texts = (units: Units) => Array.from({ length: units.count }, (_, i) => textOf(units, i, i + 1));
const split = (text: string) => texts(unitsOf(text));

describe('splitUnits', () => {
  it.each([
    ['这是一家公司。', ['这', '是', '一', '家', '公', '司', '。']],
    ['看iPhone15和3D打印', ['看', 'iPhone15', '和', '3D', '打', '印']],
    ['共1,000.5元,对吗', ['共', '1,000.5', '元', ',', '对', '吗']],
    ["I don't, 1,a .5 5.", ['I', ' ', "don't", ',', ' ', '1', ',', 'a', ' ', '.', '5', ' ', '5', '.']],
    ['ＡＢＣ１２３全角', ['ＡＢＣ１２３', '全', '角']],
    ['\t \n你 好\u3000', ['\t \n', '你', ' ', '好', '\u3000']],
    ['한국어와 русский', ['한국어와', ' ', 'русский']],
    ['カラオケ', ['カ', 'ラ', 'オ', 'ケ']],
    ['𠮷野家😀', ['𠮷', '野', '家', '😀']],
  ])('divides %j', (text, units) => {
    expect(split(text)).toEqual(units);
  });

  it.each([
    ['a family of joined emoji', '👨‍👩‍👧', 1],
    ['a skin tone', '👍🏽好', 2],
    ['flags, two halves each', '🇨🇳🇫🇷', 2],
    ['three halves of flags', '🇨🇳🇫', 2],
    ['a keycap', '1️⃣', 1],
    ['a variation of a character', '葛\u{e0100}飾', 2],
    ['marks on a letter', 'e\u0301te\u0301', 1],
    ['zero-width characters', '你\u200b\u2060好\ufeff', 2],
    ['direction marks', '\u200f你\u202e好', 3],
    ['vowel signs of a script without spaces', 'กำ', 2],
  ])('keeps %s together', (_, text, count) => {
    const units = unitsOf(text);
    expect(units.count).toBe(count);
    expect(texts(units).join('')).toBe(text);
  });

  it('tells words, numbers and white space apart', () => {
    expect([...unitsOf('好 a 1').kinds]).toEqual([
      unitKind.character,
      unitKind.space,
      unitKind.word,
      unitKind.space,
      unitKind.number,
    ]);
  });
});
