import { AhoCorasick, tokenizerFromVocab } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { wordStartsOf } from './word-starts.js';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'play', '##ing', '##s', ...'移动互联网公司很大'];
const tokenizer = tokenizerFromVocab(vocab, {});
const startsOf = (text: string, lexicon?: string[]) => {
  const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
  const words = lexicon && AhoCorasick.build(lexicon.map((surface) => ({ surface, value: undefined })));
  return [...wordStartsOf(tokenizer, words)(text, ids, offsets)];
};

describe('wordStartsOf', () => {
  it('joins the pieces of a word', () => {
    expect(startsOf('playing plays')).toEqual([1, 0, 1, 0]);
  });

  it('takes every Chinese character for a word where there is no lexicon', () => {
    expect(startsOf('移动公司')).toEqual([1, 1, 1, 1]);
  });

  it('joins the characters of a lexicon word, the longest of those that start together', () => {
    expect(startsOf('移动互联网公司很大', ['移动', '互联', '互联网', '公司'])).toEqual([1, 0, 1, 0, 0, 1, 0, 1, 1]);
  });

  it('lets the earlier of two overlapping words win', () => {
    expect(startsOf('移动互联网', ['移动互', '互联网'])).toEqual([1, 0, 0, 1, 1]);
  });

  it('copes with mixed text', () => {
    expect(startsOf('playing 移动 plays', ['移动'])).toEqual([1, 0, 1, 0, 1, 0]);
  });
});
