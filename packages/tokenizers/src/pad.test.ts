import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { padEncodings } from './pad.js';
import { tokenizerFromVocab } from './vocab.js';

const tokenizer = tokenizerFromVocab(['[UNK]', '[CLS]', '[SEP]', '[PAD]', 'a', 'b']);
const batch = tokenizer.encodeBatch(['a', ['a b', 'b']]);

describe('padEncodings', () => {
  it('pads ids with [PAD] and mask and types with 0, up to the longest encoding', () => {
    const { input_ids, attention_mask, token_type_ids } = padEncodings(batch);
    expect(input_ids).toEqual({
      dtype: 'int64',
      dims: [2, 6],
      data: BigInt64Array.of(1n, 4n, 2n, 3n, 3n, 3n, 1n, 4n, 5n, 2n, 5n, 2n),
    });
    expect([...attention_mask.data]).toEqual([1n, 1n, 1n, 0n, 0n, 0n, 1n, 1n, 1n, 1n, 1n, 1n]);
    expect([...token_type_ids.data]).toEqual([0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 1n, 1n]);
  });

  it('rounds the length up to a multiple, or takes the one asked for', () => {
    expect(padEncodings(batch, { multipleOf: 4 }).input_ids.dims).toEqual([2, 8]);
    expect(padEncodings(batch, { length: 10 }).input_ids.dims).toEqual([2, 10]);
    expect(padEncodings(batch, { multipleOf: 6 }).input_ids.dims).toEqual([2, 6]);
  });

  it('names every option that makes no sense', () => {
    expect(() => padEncodings([])).toThrow(ValidationError);
    expect(() => padEncodings(batch, { length: 5 })).toThrow(/\/length is 5, but an encoding has 6 tokens/);
    expect(() => padEncodings(batch, { multipleOf: 0, length: -1 })).toThrow(/\/multipleOf .*; \/length/);
  });
});
