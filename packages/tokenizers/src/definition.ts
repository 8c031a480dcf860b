import type { AddedToken } from './added-tokens.js';
import type { BertNormalization } from './bert-characters.js';
import { TokenizerError } from './errors.js';
import type { Template, TemplatePart } from './template.js';
import { isWellFormed } from './well-formed.js';

/** The parts a special token can play. */
export type SpecialTokenRole = 'pad' | 'unk' | 'cls' | 'sep' | 'mask';

/** Everything a tokenizer is made of; `loadTokenizer`, `tokenizerFromVocab` and `parseTokenizerJson` fill it in. */
export interface TokenizerDefinition {
  /** Token by id. */
  readonly vocab: readonly string[];
  readonly specialTokens: Readonly<Record<SpecialTokenRole, string>>;
  /** Tokens found in the text before words are split; each is in `vocab`. */
  readonly addedTokens: readonly AddedToken[];
  readonly normalization: BertNormalization;
  readonly template: Template;
  /** `##` in BERT. */
  readonly continuingPrefix: string;
  readonly maxCharactersPerWord: number;
}

/** Longer tokens are taken for a broken file: the longest of well-known vocabularies has 45 bytes. */
const maxTokenLength = 1000;

export const defaultSpecialTokens: Readonly<Record<SpecialTokenRole, string>> = {
  pad: '[PAD]',
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  mask: '[MASK]',
};

/**
 * Ids by token of a definition that holds together.
 *
 * @throws TokenizerError naming the first thing that is wrong.
 */
export function checkDefinition(definition: TokenizerDefinition): Map<string, number> {
  const { vocab, specialTokens, template, addedTokens, maxCharactersPerWord } = definition;
  const ids = new Map<string, number>();
  vocab.forEach((token, id) => {
    const part = `vocabulary entry ${id}`;
    if (typeof token !== 'string') throw new TokenizerError(part, `expected a string, found ${typeof token}`);
    if (token === '') throw new TokenizerError(part, 'is empty; give every id a token (for example [unused1])');
    if (token.length > maxTokenLength) {
      throw new TokenizerError(
        part,
        `has ${token.length} characters, at most ${maxTokenLength} are accepted; is this a vocabulary?`,
      );
    }
    if (!isWellFormed(token)) throw new TokenizerError(part, 'holds a lone surrogate; save the file as UTF-8');
    const first = ids.get(token);
    if (first !== undefined) {
      throw new TokenizerError(part, `repeats ${JSON.stringify(token)} of entry ${first}; every token needs one id`);
    }
    ids.set(token, id);
  });
  const needed: [string, string][] = [[specialTokens.unk, 'the unknown token']];
  const parts: readonly TemplatePart[] = [...template.single, ...template.pair];
  for (const part of parts) if ('token' in part) needed.push([part.token, 'which the template adds']);
  for (const { content } of addedTokens) needed.push([content, 'an added token']);
  for (const [token, why] of needed) {
    if (ids.has(token)) continue;
    throw new TokenizerError(
      'vocabulary',
      `expected ${JSON.stringify(token)} (${why}) among its ${vocab.length} tokens; add it, or name the special tokens that this vocabulary uses`,
    );
  }
  if (!Number.isInteger(maxCharactersPerWord) || maxCharactersPerWord < 1 || maxCharactersPerWord > 1000) {
    throw new TokenizerError(
      'max_input_chars_per_word',
      `expected an integer from 1 to 1000, found ${maxCharactersPerWord}; BERT uses 100`,
    );
  }
  return ids;
}
