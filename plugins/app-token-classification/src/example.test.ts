import { describe, expect, it } from 'vitest';
import { guessFields, parseExample } from './example.js';
import { TokenClassificationOptions } from './options.js';

const fields = (options: Partial<TokenClassificationOptions> = {}) =>
  Object.assign(new TokenClassificationOptions(), options);
const read = (record: unknown, options: Partial<TokenClassificationOptions> = {}) =>
  parseExample(record, fields(options));

describe('texts with spans', () => {
  it('give offsets in code points, and get them in UTF-16 units', () => {
    const entities = [{ type: 'who', start: 1, end: 3, value: '小明' }];
    expect(read({ text: '😀小明', entities })).toEqual({
      text: '😀小明',
      entities: [{ type: 'who', start: 2, end: 4 }],
    });
  });

  it('may have none', () => expect(read({ text: '很好', entities: [] })).toEqual({ text: '很好', entities: [] }));

  it('have them in the field that the options name', () => {
    const slots = [{ type: 'who', start: 0, end: 1 }];
    expect(read({ query: '他', slots }, { textField: 'query', entitiesField: 'slots' }).entities).toEqual(slots);
  });

  const span = { type: 'who', start: 0, end: 1 };
  it.each([
    [7, /record: must be a JSON object/],
    [{ text: ' ', entities: [] }, /\/text must be a non-empty string, got " "/],
    [{ text: 'a\ud800', entities: [] }, /\/text holds half of a surrogate pair/],
    [{ text: 'a' }, /\/entities must be a list of .* got nothing/],
    [{ text: 'a', entities: [{ ...span, type: '' }] }, /\/entities\/0 must have type/],
    [{ text: 'a', entities: [{ ...span, end: 0.5 }] }, /\/entities\/0 must have type/],
    [{ text: 'a', entities: [null] }, /\/entities\/0 must have type/],
    [
      { text: 'a', entities: [span, { ...span, end: 2 }] },
      /\/entities\/1 goes from 0 to 2, but the text has code points 0 to 1/,
    ],
    [{ text: 'a', entities: [{ ...span, end: 0 }] }, /goes from 0 to 0/],
    [{ text: '小明', entities: [{ ...span, value: '明' }] }, /covers "小", but its value is "明"/],
  ])('are refused where they are wrong: %j', (record, message) => expect(() => read(record)).toThrow(message));
});

describe('tokens with tags', () => {
  it.each([
    ['BIO', ['B-who', 'I-who', 'O', 'B-where']],
    ['BIES', ['B-who', 'E-who', 'O', 'S-where']],
    ['BILOU', ['B-who', 'L-who', 'O', 'U-where']],
    ['IOB1', ['I-who', 'I-who', 'O', 'I-where']],
  ])('are read in %s', (_, tags) => {
    expect(read({ tokens: ['小', '明', '在', '沪'], tags })).toEqual({
      text: '小明在沪',
      entities: [
        { type: 'who', start: 0, end: 2 },
        { type: 'where', start: 3, end: 4 },
      ],
    });
  });

  it('are joined as their script is written, or as the options say', () => {
    const record = {
      tokens: ['Anna', 'Lee', '在', 'New', 'York', '。'],
      tags: ['B-who', 'I-who', 'O', 'B-where', 'I-where', 'O'],
    };
    const { text, entities } = read(record);
    expect(text).toBe('Anna Lee在New York。');
    expect(entities.map(({ start, end }) => text.slice(start, end))).toEqual(['Anna Lee', 'New York']);
    expect(read(record, { joinTokens: 'nothing' }).text).toBe('AnnaLee在NewYork。');
    expect(read(record, { joinTokens: 'space' }).text).toBe('Anna Lee 在 New York 。');
  });

  it('may have numbers for tags, if the options name them', () => {
    const record = { tokens: ['Anna'], tags: [1] };
    expect(read(record, { tagNames: ['O', 'B-who'] }).entities).toEqual([{ type: 'who', start: 0, end: 4 }]);
    expect(() => read(record)).toThrow(/\/tags\/0 must be a tag such as 'B-PER' or 'O'; name numbered tags/);
    expect(() => read(record, { tagNames: ['O'] })).toThrow(/or a whole number below 1/);
  });

  it.each([
    [{ tokens: [], tags: [] }, /\/tokens must be a list of non-empty strings/],
    [{ tokens: ['a', ''], tags: ['O', 'O'] }, /\/tokens must be a list of non-empty strings/],
    [{ tokens: ['a'], tags: [] }, /\/tags must be a list of a tag for each of the 1 tokens, got 0/],
    [{ tokens: ['a'] }, /\/tags must be a list of a tag for each of the 1 tokens, got no list/],
    [{ tokens: ['\udc00'], tags: ['O'] }, /\/tokens holds half of a surrogate pair/],
  ])('are refused where they are wrong: %j', (record, message) => expect(() => read(record)).toThrow(message));
});

it('guesses the fields of common data sets', () => {
  expect(guessFields({ text: 'a', slots: [] }, ['O'])).toMatchObject({ entitiesField: 'slots' });
  expect(guessFields({ tokens: ['a'], ner_tags: [0] }, ['O'])).toMatchObject({
    tagsField: 'ner_tags',
    tagNames: ['O'],
  });
  expect(guessFields(null, [])).toMatchObject({ textField: 'text', entitiesField: 'entities' });
});
