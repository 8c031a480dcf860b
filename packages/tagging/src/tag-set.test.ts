import { describe, expect, it } from 'vitest';
import { parseTag, TagSet } from './tag-set.js';

describe('parseTag', () => {
  it.each([
    ['O', { place: 'O', type: '' }],
    ['B-PER', { place: 'B', type: 'PER' }],
    ['I-book-title', { place: 'I', type: 'book-title' }],
    ['E-PER', { place: 'E', type: 'PER' }],
    ['S-PER', { place: 'S', type: 'PER' }],
    ['L-PER', { place: 'E', type: 'PER' }],
    ['U-PER', { place: 'S', type: 'PER' }],
    ['M-PER', { place: 'I', type: 'PER' }],
    ['PER', { place: 'I', type: 'PER' }],
    ['X-PER', { place: 'I', type: 'X-PER' }],
    ['B-', { place: 'I', type: 'B-' }],
    ['LABEL_0', { place: 'I', type: 'LABEL_0' }],
  ])('%s', (label, tag) => expect(parseTag(label)).toEqual(tag));
});

describe('TagSet', () => {
  it('names the labels of a scheme', () => {
    expect(TagSet.of(['PER', 'LOC'], 'BIO').labels).toEqual(['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC']);
    expect(TagSet.of(['PER'], 'BIES').labels).toEqual(['O', 'B-PER', 'I-PER', 'E-PER', 'S-PER']);
  });

  it.each([
    [['O', 'B-PER', 'I-PER'], 'BIO', ['PER']],
    [['B-PER', 'L-PER', 'U-PER', 'I-PER', 'O'], 'BIES', ['PER']],
    [['O', 'I-PER', 'I-LOC'], 'IO', ['PER', 'LOC']],
    [['NOUN', 'VERB'], 'IO', ['NOUN', 'VERB']],
  ])('recognises the scheme of %j', (labels, scheme, types) => {
    expect(new TagSet(labels)).toMatchObject({ scheme, types });
  });

  it('finds labels by place and type, whatever letter they use', () => {
    const tags = new TagSet(['O', 'B-PER', 'I-PER', 'L-PER', 'U-PER']);
    expect(tags.idOf('E', 'PER')).toBe(3);
    expect(tags.idOf('S', 'PER')).toBe(4);
    expect(tags.idOf('O', '')).toBe(0);
    expect(tags.idOf('B', 'LOC')).toBeUndefined();
  });

  it('refuses to be of no type, or of an empty one', () => {
    expect(() => TagSet.of([], 'BIO')).toThrow(/must name at least one type/);
    expect(() => TagSet.of(['PER', ''], 'BIO')).toThrow(/\/1 is empty/);
  });
});
