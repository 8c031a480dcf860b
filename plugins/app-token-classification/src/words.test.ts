import { type Tokenizer, tokenizerFromVocab } from '@zooid/tokenizers';
import { expect, it } from 'vitest';
import { Featurizer } from './featurizer.js';
import { continuesWord } from './words.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const wordsOf = (tokenizer: Tokenizer, text: string) => {
  const tokens = new Featurizer({ tokenizer, maxLength: 16, inputs: undefined }).tokens(text);
  return continuesWord(tokens, tokenizer);
};

it('goes by the mark of continuing pieces, where the tokenizer has one', () => {
  const tokenizer = tokenizerFromVocab([...special, 'micro', '##soft', '在', '北', ',']);
  expect(wordsOf(tokenizer, 'microsoft,micro在北')).toEqual([false, true, false, false, false, false]);
  expect(wordsOf(tokenizer, 'zebra microsoft')).toEqual([false, false, true]); // an unknown word is a word
});

it('goes by spaces, where it has none', () => {
  // As SentencePiece and byte-level tokenizers have it: pieces without a mark of their own.
  const tokenizer = tokenizerFromVocab([...special, 'new', 'york', 'er'], { continuingPrefix: '' });
  expect(wordsOf(tokenizer, 'new yorker')).toEqual([false, false, true]);
});
