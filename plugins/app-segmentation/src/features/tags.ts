import { ValidationError } from '@zooid/common';
import type { Tokenizer } from '@zooid/tokenizers';

/** The tag of texts whose granularity, or corpus, is not told. */
export const UNKNOWN_TAG = 'unc';

/** The vocabulary's name of a tag. */
export const tagToken = (name: string): string => `[${name}]`;

/**
 * Vocabulary rows for tags: tokens of their name, else rows that stay free in a base model's vocabulary. Those are tokens
 * named `[unused…]`, and continuations of words (`##ing`): segmentation feeds whole units only, so no text ever uses them.
 *
 * @throws ValidationError when the vocabulary has not enough of either.
 */
export function tagRows(tokenizer: Tokenizer, names: readonly string[]): Record<string, number> {
  const free = freeRows(tokenizer, names.length);
  let taken = 0;
  const rows = names.map((name) => [name, tokenizer.idOf(tagToken(name)) ?? free[taken++]] as const);
  if (rows.some(([, row]) => row === undefined)) {
    const message = `has ${free.length} rows to spare for ${names.length} tags; train without a base model, or on one with [unused…] tokens`;
    throw new ValidationError('vocabulary of the base model', [{ path: '', message }]);
  }
  return Object.fromEntries(rows as readonly (readonly [string, number])[]);
}

function freeRows(tokenizer: Tokenizer, wanted: number): number[] {
  const unused: number[] = [];
  const continuations: number[] = [];
  for (let id = 0; id < tokenizer.vocabSize && unused.length < wanted; id++) {
    const token = tokenizer.tokenOf(id);
    if (/^\[unused\d+\]$/.test(token)) unused.push(id);
    else if (continuations.length < wanted && /^##./u.test(token)) continuations.push(id);
  }
  return [...unused, ...continuations].slice(0, wanted);
}
