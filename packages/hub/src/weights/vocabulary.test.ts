import { describe, expect, it } from 'vitest';
import { ModelFolderError } from '../errors.js';
import { assertVocabularyFits } from './vocabulary.js';

describe('assertVocabularyFits', () => {
  it('allows equal sizes, padded tables, and parts that are not known', () => {
    assertVocabularyFits('x', { tokenizer: 21128, config: 21128, table: 21128 });
    assertVocabularyFits('x', { tokenizer: 30522, config: 30592, table: 30592 });
    assertVocabularyFits('x', { tokenizer: 30522 });
    assertVocabularyFits('x', {});
  });

  it('refuses a tokenizer larger than the table, with both numbers', () => {
    expect(() => assertVocabularyFits('x', { tokenizer: 21129, config: 21128 })).toThrow(
      /x: the tokenizer knows 21129 tokens, but the word table has 21128 rows/,
    );
    expect(() => assertVocabularyFits('x', { tokenizer: 9, table: 8 })).toThrow(ModelFolderError);
  });

  it('refuses a config and a table that differ either way', () => {
    for (const table of [7, 9]) {
      expect(() => assertVocabularyFits('x', { config: 8, table })).toThrow(
        `x: config.json says vocab_size 8, but the word table has ${table} rows`,
      );
    }
  });
});
