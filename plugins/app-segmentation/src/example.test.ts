import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { decodeBoundaries } from './decode/boundaries.js';
import { applySpaces } from './decode/rules.js';
import { parseExample } from './example.js';
import { unitTags, windowLabels } from './gold-tags.js';
import { parseOptions } from './segmentation-config.js';
import { tinyRecords } from './tiny-segmentation.fixture.js';
import { windowsOf } from './windows.js';
import { scoredWords } from './words.js';

const parse = (record: unknown, options: object = {}) => parseExample(record, parseOptions(options));

describe('parseExample', () => {
  it('reads words per granularity, and leaves out those that a record lacks', () => {
    const { text, words } = parse({ text: '电视机', words: ['电视', '机'] });
    expect([text, [...words]]).toEqual(['电视机', [['fine', ['电视', '机']]]]);
  });

  it('lets white space stand between words or in them', () => {
    expect(parse({ text: ' A B 好', words: ['A', 'B', '好'] }).words.size).toBe(1);
    expect(parse({ text: 'A B好', words: ['A B', '好'] }).words.size).toBe(1);
  });

  it('reads the granularity from a field of the record where corpora differ in it', () => {
    const options = { granularities: { any: 'words' }, criterionField: 'criterion', corpusField: 'corpus' };
    const example = parse({ text: '好', words: ['好'], criterion: 'pku', corpus: 'news' }, options);
    expect([[...example.words.keys()], example.corpus]).toEqual([['pku'], 'news']);
    expect(() => parse({ text: '好', words: ['好'], criterion: 'both' }, options)).toThrow('/criterion must be a name');
    expect(() => parse({ text: '好', words: ['好'], criterion: 'pku', corpus: 3 }, options)).toThrow('/corpus must be');
  });

  it('reads the words that another model found, where a record has none of its own', () => {
    const answers = { fine: { words: [{ text: '电视' }, { text: '机' }] }, coarse: { words: [{ text: '电视机' }] } };
    const both = parse({ text: '电视机', prediction: { granularity: 'both', ...answers } });
    expect([...both.words]).toEqual([
      ['fine', ['电视', '机']],
      ['coarse', ['电视机']],
    ]);
    const one = parse({ text: '电视机', prediction: { granularity: 'coarse', words: [{ text: '电视机' }] } });
    expect([...one.words]).toEqual([['coarse', ['电视机']]]);
    const gold = parse({ text: '电视机', words: ['电', '视', '机'], prediction: { granularity: 'both', ...answers } });
    expect([...gold.words]).toEqual([['fine', ['电', '视', '机']]]);
  });

  it.each([
    [{ text: '好', prediction: null }, '/words is missing'],
    [{ text: '好', prediction: { granularity: 'other', words: [] } }, '/words is missing'],
    [{ text: '好', prediction: { granularity: 'fine', words: [7, { text: '好' }] } }, '/words must be a list of'],
    [{ text: '好', prediction: { granularity: 'fine', words: [{ text: '坏' }] } }, '/words must spell the text'],
  ])('refuses a prediction that is none: %j', (record, message) => {
    expect(() => parse(record)).toThrow(message);
  });

  it.each([
    [7, 'must be a JSON object'],
    [{ text: '', words: [] }, '/text must be a non-empty string'],
    [{ text: '\ud800', words: ['\ud800'] }, '/text holds half of a surrogate pair'],
    [{ text: '好' }, '/words is missing; a record needs one of: words, coarse'],
    [{ text: '好', words: '好' }, '/words must be a list of non-empty strings'],
    [{ text: '好', words: ['好', ''] }, '/words must be a list of non-empty strings'],
    [{ text: '好人', words: ['好'] }, '/words must spell the text, but end at UTF-16 index 1 of 2'],
    [
      { text: '好人', coarse: ['好', '仁'] },
      '/coarse must spell the text, but "仁" is not what stands at UTF-16 index 1: "人"',
    ],
  ])('refuses %j', (record, message) => {
    expect(() => parse(record)).toThrow(message);
  });

  it('refuses options that name no granularity, or one that means something else', () => {
    expect(() => parseOptions({ granularities: {} })).toThrow('/granularities must give each granularity');
    expect(() => parseOptions({ granularities: { both: 'words' } })).toThrow('/granularities must give each');
  });
});

const letters = 'BMES';
const tagsOf = (text: string, words: string[]) =>
  Array.from(unitTags(unitsOf(text), words), (tag) => letters[tag] ?? '-').join('');

describe('unitTags', () => {
  it('equals the tags of the specification', () => {
    const text = '这是一家移动互联网公司';
    expect(tagsOf(text, ['这', '是', '一家', '移动互联网', '公司'])).toBe('SSBEBMMMEBE');
    expect(tagsOf(text, ['这', '是', '一家', '移动', '互联网', '公司'])).toBe('SSBEBEBMEBE');
  });

  it('gives white space none, and leaves out boundaries inside a unit', () => {
    expect(tagsOf('看Windows 98', ['看', 'Windows', '98'])).toBe('SS-S');
    expect(tagsOf('4G网', ['4', 'G', '网'])).toBe('SS');
    expect(tagsOf('4G网', ['4', 'G网'])).toBe('BE');
  });

  it('gives back the words it was made of', () => {
    for (const { text, words, coarse } of tinyRecords) {
      for (const gold of [words, coarse]) {
        const units = unitsOf(text);
        const emissions = new Float32Array(4 * units.count);
        for (const [unit, tag] of unitTags(units, gold).entries()) if (tag >= 0) emissions[4 * unit + tag] = 1;
        const rules = new Uint8Array(units.count + 1);
        applySpaces(units, rules);
        expect(scoredWords(units, atOnce(decodeBoundaries(emissions, rules)))).toEqual(gold);
      }
    }
  });

  it('teaches a window its core alone', () => {
    const units = unitsOf('一二三四五六七八九十');
    const tags = unitTags(units, ['一二三四五六七八九十']);
    const learned = Array.from(windowsOf(units, 6), (window) => Array.from(windowLabels(units, tags, window)));
    const counted = learned.flat().filter((label) => label >= 0);
    expect(counted).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  });
});
