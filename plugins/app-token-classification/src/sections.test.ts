import { tokenizerFromVocab } from '@zooid/tokenizers';
import { expect, it } from 'vitest';
import { Featurizer } from './featurizer.js';
import { sectionsOf } from './sections.js';

const tokenizer = tokenizerFromVocab(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...'一二三四。.a']);
const textsOf = (text: string, longest: number) => {
  const featurizer = new Featurizer({ tokenizer, maxLength: 8, inputs: undefined });
  return sectionsOf(featurizer.tokens(text), longest).map(({ begin, end, encoding }) =>
    text.slice(encoding.offsets[2 * begin], encoding.offsets[2 * end - 1]),
  );
};

it('leaves what is short enough in one', () => {
  expect(textsOf('一二。三四', 5)).toEqual(['一二。三四']);
  expect(textsOf('', 5)).toEqual(['']);
});

it('ends sections where sentences end, as late as possible', () => {
  expect(textsOf('一二。三。四一二三', 6)).toEqual(['一二。三。', '四一二三']);
  expect(textsOf('a a a.\na a a a a', 6)).toEqual(['a a a.', 'a a a a a']);
});

it('cuts sentences that are too long, every token once', () => {
  expect(textsOf('一二三四一二三四一', 4)).toEqual(['一二三四', '一二三四', '一']);
  // A sentence end in the first half would make sections too short.
  expect(textsOf('一。二三四一二三', 6)).toEqual(['一。二三四一', '二三']);
});
