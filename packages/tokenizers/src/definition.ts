import type { AddedToken } from './added-tokens.js';
import type { Decoder } from './decoders/decoder.js';
import { TokenizerError } from './errors.js';
import type { Normalizer } from './normalizers/normalizer.js';
import type { PostProcessor } from './post-processor.js';
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js';
import type { TemplatePart } from './template.js';
import { isWellFormed } from './well-formed.js';

/** The parts a special token can play. */
export type SpecialTokenRole = 'pad' | 'unk' | 'cls' | 'sep' | 'mask' | 'bos' | 'eos';

/** `bos` and `eos` are there for models that have them; the others are BERT's names where a model has none. */
export type SpecialTokens = Readonly<
  Record<Exclude<SpecialTokenRole, 'bos' | 'eos'>, string> & Partial<Record<'bos' | 'eos', string>>
>;

/** Greedy longest-match-first pieces of words. */
export interface WordPieceModel {
  readonly type: 'WordPiece';
  readonly unknown: string;
  /** `##` in BERT. */
  readonly continuingPrefix: string;
  readonly maxCharactersPerWord: number;
}

/** Byte-pair encoding, over characters or over bytes as the pre-tokenizer says. */
export interface BpeModel {
  readonly type: 'BPE';
  /** First learned first. */
  readonly merges: readonly (readonly [string, string])[];
  readonly unknown?: string;
  /** Make one token of neighbouring unknown characters. */
  readonly fuseUnknown: boolean;
  /** Write unknown characters as `<0x…>` tokens where the vocabulary has them. */
  readonly byteFallback: boolean;
  readonly continuingPrefix: string;
  readonly endOfWordSuffix: string;
  /** A piece that is a token as a whole stays one, whatever its merges. */
  readonly ignoreMerges: boolean;
}

/** The most likely segmentation, SentencePiece's `unigram`. */
export interface UnigramModel {
  readonly type: 'Unigram';
  /** Log probabilities of the first tokens of the vocabulary, by id; those beyond are added tokens. */
  readonly scores: readonly number[];
  readonly unknownId?: number;
  readonly byteFallback: boolean;
}

export type ModelDefinition = WordPieceModel | BpeModel | UnigramModel;

/** Everything a tokenizer is made of; `loadTokenizer`, `tokenizerFromVocab` and `parseTokenizerJson` fill it in. */
export interface TokenizerDefinition {
  /** Token by id. */
  readonly vocab: readonly string[];
  readonly specialTokens: SpecialTokens;
  /** Tokens found in the text before it is split; each is in `vocab`. */
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer?: Normalizer;
  readonly preTokenizer?: PreTokenizer;
  readonly model: ModelDefinition;
  readonly postProcessor: PostProcessor;
  readonly decoder?: Decoder;
}

/** Longer tokens are taken for a broken file: the longest of well-known vocabularies has 256 bytes. */
const maxTokenLength = 1000;

export const defaultSpecialTokens = {
  pad: '[PAD]',
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  mask: '[MASK]',
} as const satisfies SpecialTokens;

/**
 * Ids by token of a definition that holds together.
 *
 * @throws TokenizerError naming the first thing that is wrong.
 */
export function checkDefinition(definition: TokenizerDefinition): Map<string, number> {
  const { vocab, model, addedTokens, postProcessor } = definition;
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
  const needed: [string, string][] = [];
  const { single, pair } = postProcessor.template;
  const parts: readonly TemplatePart[] = [...single, ...pair];
  if (model.type !== 'Unigram' && model.unknown !== undefined) needed.push([model.unknown, 'the unknown token']);
  for (const part of parts) if ('token' in part) needed.push([part.token, 'which the template adds']);
  for (const { content } of addedTokens) needed.push([content, 'an added token']);
  for (const [token, why] of needed) {
    if (ids.has(token)) continue;
    throw new TokenizerError(
      'vocabulary',
      `expected ${JSON.stringify(token)} (${why}) among its ${vocab.length} tokens; add it, or name the special tokens that this vocabulary uses`,
    );
  }
  checkModel(definition);
  return ids;
}

function checkModel({ vocab, model, preTokenizer }: TokenizerDefinition): void {
  if (preTokenizer?.yieldsBytes === true && model.type !== 'BPE') {
    throw new TokenizerError('pre_tokenizer', `ByteLevel goes with a BPE model, not with ${model.type}`);
  }
  if (model.type === 'WordPiece') {
    const { maxCharactersPerWord } = model;
    if (Number.isInteger(maxCharactersPerWord) && maxCharactersPerWord >= 1 && maxCharactersPerWord <= 1000) return;
    throw new TokenizerError(
      'max_input_chars_per_word',
      `expected an integer from 1 to 1000, found ${maxCharactersPerWord}; BERT uses 100`,
    );
  }
  if (model.type === 'Unigram') {
    const { scores, unknownId } = model;
    if (scores.length > vocab.length || scores.length === 0) {
      throw new TokenizerError('model', `expected 1 to ${vocab.length} scores, found ${scores.length}`);
    }
    if (unknownId !== undefined && unknownId >= scores.length) {
      throw new TokenizerError('unk_id', `expected less than ${scores.length}, found ${unknownId}`);
    }
  }
}
