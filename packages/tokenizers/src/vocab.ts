import type { AddedToken } from './added-tokens.js';
import { wordPieceDecoder } from './decoders/text-decoders.js';
import { defaultSpecialTokens, type SpecialTokenRole } from './definition.js';
import { bertNormalizer } from './normalizers/bert.js';
import { bertProcessor } from './post-processor.js';
import { bertPreTokenizer } from './pre-tokenizers/split.js';
import { Tokenizer } from './tokenizer.js';

export interface VocabOptions {
  /** Default true. */
  readonly lowercase?: boolean;
  /** Decompose and drop accents; default: as `lowercase`. */
  readonly stripAccents?: boolean;
  /** Make every Chinese character a word of its own; default true. */
  readonly chineseCharacters?: boolean;
  /** Remove control characters, turn every white space into a space; default true. */
  readonly cleanText?: boolean;
  /** Longer words are unknown as a whole; default 100. */
  readonly maxCharactersPerWord?: number;
  /** Default `##`. */
  readonly continuingPrefix?: string;
  /** Where the special tokens are not called `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`. */
  readonly specialTokens?: Partial<Record<SpecialTokenRole, string>>;
  /** More tokens to find in the text as they stand. Those the vocabulary lacks get the next ids. */
  readonly addedTokens?: readonly (string | AddedToken)[];
}

/**
 * A BERT tokenizer from its vocabulary, token by id.
 *
 * @throws TokenizerError when the vocabulary lacks `[UNK]`, `[CLS]` or `[SEP]`, or holds duplicates, empty or
 * ill-formed tokens.
 */
export function tokenizerFromVocab(vocab: readonly string[], options: VocabOptions = {}): Tokenizer {
  const specialTokens = { ...defaultSpecialTokens, ...options.specialTokens };
  const lowercase = options.lowercase ?? true;
  const all = [...vocab];
  const known = new Set<string>(vocab);
  const continuingPrefix = options.continuingPrefix ?? '##';
  const addedTokens: AddedToken[] = Object.values(specialTokens)
    .filter((content, i, roles) => known.has(content) && roles.indexOf(content) === i)
    .map((content) => ({ content, normalized: false, singleWord: false, special: true }));
  for (const item of options.addedTokens ?? []) {
    const token =
      typeof item === 'string' ? { content: item, normalized: false, singleWord: false, special: true } : item;
    if (addedTokens.some(({ content }) => content === token.content)) continue;
    if (!known.has(token.content)) all.push(token.content);
    known.add(token.content);
    addedTokens.push(token);
  }
  return new Tokenizer({
    vocab: all,
    specialTokens,
    addedTokens,
    normalizer: bertNormalizer({
      cleanText: options.cleanText ?? true,
      chineseCharacters: options.chineseCharacters ?? true,
      stripAccents: options.stripAccents ?? lowercase,
      lowercase,
    }),
    preTokenizer: bertPreTokenizer(),
    model: {
      type: 'WordPiece',
      unknown: specialTokens.unk,
      continuingPrefix,
      maxCharactersPerWord: options.maxCharactersPerWord ?? 100,
    },
    postProcessor: bertProcessor(specialTokens.cls, specialTokens.sep),
    decoder: wordPieceDecoder(continuingPrefix, true),
  });
}
