import { ValidationError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import type { Encoding } from './encoding.js';

export interface PadOptions {
  /** Round the padded length up to a multiple of this (default 1). */
  readonly multipleOf?: number;
  /** Pad to exactly this many tokens instead of to the longest encoding. */
  readonly length?: number;
}

/** The inputs of a BERT-family encoder, `[batch, sequence]` each, under their ONNX names. */
export interface PaddedBatch {
  readonly input_ids: HostTensor<'int64'>;
  readonly attention_mask: HostTensor<'int64'>;
  readonly token_type_ids: HostTensor<'int64'>;
}

/**
 * Stacks encodings into one batch, padded on the right: ids with the tokenizer's `[PAD]`, mask and types with 0.
 *
 * @throws ValidationError when the batch is empty, when `length` is shorter than an encoding, or when an option is not
 * a positive integer.
 */
export function padEncodings(encodings: readonly Encoding[], options: PadOptions = {}): PaddedBatch {
  const { multipleOf = 1, length } = options;
  const longest = encodings.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const issues = [];
  if (encodings.length === 0) issues.push({ path: '', message: 'expected at least one encoding, found none' });
  if (!isPositiveInteger(multipleOf)) {
    issues.push({ path: '/multipleOf', message: `expected a positive integer, found ${multipleOf}` });
  }
  if (length !== undefined && !isPositiveInteger(length)) {
    issues.push({ path: '/length', message: `expected a positive integer, found ${length}` });
  } else if (length !== undefined && length < longest) {
    issues.push({
      path: '/length',
      message: `is ${length}, but an encoding has ${longest} tokens; raise it or encode with maxLength ${length}`,
    });
  }
  if (issues.length > 0) throw new ValidationError('padEncodings', issues);

  const sequence = Math.ceil((length ?? longest) / multipleOf) * multipleOf;
  const dims = [encodings.length, sequence];
  const inputIds = new BigInt64Array(encodings.length * sequence);
  const attentionMask = new BigInt64Array(inputIds.length);
  const tokenTypeIds = new BigInt64Array(inputIds.length);
  encodings.forEach((encoding, row) => {
    const { ids, typeIds, padId = 0 } = encoding;
    const from = row * sequence;
    for (let i = 0; i < ids.length; i++) {
      inputIds[from + i] = BigInt(ids[i]!);
      tokenTypeIds[from + i] = BigInt(typeIds[i]!);
    }
    attentionMask.fill(1n, from, from + ids.length);
    if (padId !== 0) inputIds.fill(BigInt(padId), from + ids.length, from + sequence);
  });
  return {
    input_ids: { dtype: 'int64', dims, data: inputIds },
    attention_mask: { dtype: 'int64', dims, data: attentionMask },
    token_type_ids: { dtype: 'int64', dims, data: tokenTypeIds },
  };
}

function isPositiveInteger(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
