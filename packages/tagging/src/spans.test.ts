import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { labelsOfSpans, spansOfTags, type TokenSpan, tokensOf } from './spans.js';
import { parseTag, TagSet, tagSchemes } from './tag-set.js';

const spansOf = (text: string) => spansOfTags(text.split(' ').map(parseTag));
const span = (type: string, first: number, last: number): TokenSpan => ({ type, first, last });

describe('spansOfTags', () => {
  it.each([
    ['O B-PER I-PER O', [span('PER', 1, 2)]],
    ['B-PER B-PER', [span('PER', 0, 0), span('PER', 1, 1)]],
    ['S-PER S-PER B-PER E-PER', [span('PER', 0, 0), span('PER', 1, 1), span('PER', 2, 3)]],
    ['E-PER I-PER', [span('PER', 0, 0), span('PER', 1, 1)]],
    // What a trained scheme never says, as CoNLL's evaluation reads it.
    ['I-PER I-PER', [span('PER', 0, 1)]],
    ['B-PER I-LOC', [span('PER', 0, 0), span('LOC', 1, 1)]],
    ['O O', []],
  ])('%s', (text, spans) => expect(spansOf(text)).toEqual(spans));
});

describe('labelsOfSpans', () => {
  it.each(tagSchemes)('is the inverse of spansOfTags in %s', (scheme) => {
    const tagSet = TagSet.of(['PER', 'LOC'], scheme);
    const random = new Random(3);
    for (let round = 0; round < 200; round++) {
      const spans: TokenSpan[] = [];
      let at = 0;
      while (at < 20) {
        const length = 1 + random.int(3);
        if (random.bernoulli(0.5)) spans.push(span(random.choice(['PER', 'LOC']), at, at + length - 1));
        at += length;
      }
      const labels = labelsOfSpans(spans, 24, tagSet);
      expect(spansOfTags(Array.from(labels, (id) => tagSet.tags[id]!))).toEqual(spans);
    }
  });

  it('tags the longer of two spans that overlap, of equals the first', () => {
    const tagSet = TagSet.of(['A', 'B'], 'BIO');
    const labels = (...spans: TokenSpan[]) => Array.from(labelsOfSpans(spans, 4, tagSet), (id) => tagSet.labels[id]);
    expect(labels(span('A', 0, 1), span('B', 1, 3))).toEqual(['O', 'B-B', 'I-B', 'I-B']);
    expect(labels(span('B', 1, 2), span('A', 0, 1))).toEqual(['B-A', 'I-A', 'O', 'O']);
  });

  it('leaves out types without labels', () => {
    expect([...labelsOfSpans([span('C', 0, 1)], 2, TagSet.of(['A'], 'BIO'))]).toEqual([0, 0]);
  });
});

describe('tokensOf', () => {
  // [CLS] ab c (an empty token) d [SEP]
  const offsets = Int32Array.of(0, 0, 0, 2, 2, 3, 3, 3, 4, 5, 0, 0);

  it('finds the tokens that a span touches', () => {
    expect(tokensOf({ start: 0, end: 2 }, offsets)).toEqual({ first: 1, last: 1 });
    expect(tokensOf({ start: 1, end: 3 }, offsets)).toEqual({ first: 1, last: 2 });
    expect(tokensOf({ start: 2, end: 5 }, offsets)).toEqual({ first: 2, last: 4 });
  });

  it('finds none between and beyond tokens', () => {
    expect(tokensOf({ start: 3, end: 4 }, offsets)).toBeUndefined();
    expect(tokensOf({ start: 5, end: 9 }, offsets)).toBeUndefined();
  });
});
