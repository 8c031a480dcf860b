import { ValidationError } from '@zooid/common';
import { type AddedToken, AddedTokenMatcher } from './added-tokens.js';
import { checkDefinition, type SpecialTokenRole, type TokenizerDefinition } from './definition.js';
import { type Encoding, TokenizedText } from './encoding.js';
import { countTokens, type TemplatePart } from './template.js';
import { TokenBuffer } from './token-buffer.js';
import { writeTokenizerJson } from './tokenizer-json-writer.js';
import { type Truncation, truncatePair } from './truncation.js';
import { assertWellFormed } from './well-formed.js';
import { WordSplitter } from './word-splitter.js';
import { WordPiece } from './wordpiece.js';

export interface EncodeOptions {
  /** A second text; may be empty, which is not the same as absent. */
  readonly pair?: string;
  /** Most tokens of the result, special tokens included. Longer input is truncated. */
  readonly maxLength?: number;
  /** What a pair loses when it is too long; default `'longest_first'`. */
  readonly truncation?: Truncation;
  /** Add `[CLS]` and `[SEP]`; default true. */
  readonly addSpecialTokens?: boolean;
  /**
   * Take `[MASK]` and the other added tokens in the text for what they name, as the reference does; default true.
   * With false they are ordinary characters: for text from strangers.
   */
  readonly parseSpecialTokens?: boolean;
}

/**
 * WordPiece tokenizer of the BERT family: text → ids with character offsets. Ids equal those of the reference
 * tokenizer. Time is linear in the text; not for use from several threads at once.
 *
 * @see Devlin et al. 2018, "BERT"; google-research/bert `tokenization.py`
 */
export class Tokenizer {
  readonly vocabSize: number;
  readonly specialTokens: Readonly<Record<SpecialTokenRole, string>>;
  /** Ids of `specialTokens`; `undefined` for one that the vocabulary lacks. */
  readonly specialIds: Readonly<Record<SpecialTokenRole, number | undefined>>;
  readonly #definition: TokenizerDefinition;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #splitter: WordSplitter;
  readonly #textMatcher: AddedTokenMatcher | undefined;
  readonly #normalizedMatcher: AddedTokenMatcher | undefined;
  readonly #buffers: readonly [TokenBuffer, TokenBuffer] = [new TokenBuffer(), new TokenBuffer()];
  readonly #tokenOf = (id: number) => this.tokenOf(id);

  /** @throws TokenizerError when the definition contradicts itself. */
  constructor(definition: TokenizerDefinition) {
    const ids = checkDefinition(definition);
    const { specialTokens, addedTokens, continuingPrefix, maxCharactersPerWord } = definition;
    this.#definition = definition;
    this.#ids = ids;
    this.vocabSize = definition.vocab.length;
    this.specialTokens = specialTokens;
    this.specialIds = {
      pad: ids.get(specialTokens.pad),
      unk: ids.get(specialTokens.unk),
      cls: ids.get(specialTokens.cls),
      sep: ids.get(specialTokens.sep),
      mask: ids.get(specialTokens.mask),
    };
    const unknownId = ids.get(specialTokens.unk)!;
    const wordPiece = new WordPiece(ids, { unknownId, continuingPrefix, maxCharactersPerWord });
    this.#splitter = new WordSplitter(definition.normalization, wordPiece);
    const matcher = (tokens: readonly AddedToken[], content: (token: AddedToken) => string) => {
      const found = tokens.map((token) => ({ ...token, content: content(token), id: ids.get(token.content)! }));
      const searchable = found.filter((token) => token.content !== '');
      return searchable.length === 0 ? undefined : new AddedTokenMatcher(searchable);
    };
    this.#textMatcher = matcher(
      addedTokens.filter(({ normalized }) => !normalized),
      ({ content }) => content,
    );
    this.#normalizedMatcher = matcher(
      addedTokens.filter(({ normalized }) => normalized),
      ({ content }) => this.#normalized(content),
    );
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** @throws ValidationError when `id` is not in `[0, vocabSize)`. */
  tokenOf(id: number): string {
    const token = this.#definition.vocab[id];
    if (token !== undefined) return token;
    throw new ValidationError('token id', [
      { path: '', message: `expected an integer from 0 to ${this.vocabSize - 1}, found ${id}` },
    ]);
  }

  /**
   * @throws ValidationError when a text is not well-formed Unicode, or the options leave no room for the tokens that
   * must be there.
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const { pair, maxLength, truncation = 'longest_first', addSpecialTokens = true } = options;
    const parts = this.#parts(pair !== undefined, addSpecialTokens);
    const budget = this.#budget(maxLength, countTokens(parts));
    const parseSpecialTokens = options.parseSpecialTokens ?? true;
    const [first, second] = this.#buffers;
    assertWellFormed(text);
    if (pair === undefined) {
      this.#tokenize(text, parseSpecialTokens, first, budget);
      return this.#assemble(parts, Math.min(first.length, budget), 0);
    }
    assertWellFormed(pair, 'pair');
    // Lengths beyond the budget decide nothing, but for 'only_*' errors and for who gets the odd token: then count on.
    this.#tokenize(text, parseSpecialTokens, first, budget + 1);
    this.#tokenize(pair, parseSpecialTokens, second, budget + 1);
    if (first.length > budget && second.length > budget && budget % 2 === 1 && truncation === 'longest_first') {
      this.#tokenize(text, parseSpecialTokens, first, Number.POSITIVE_INFINITY);
      this.#tokenize(pair, parseSpecialTokens, second, Number.POSITIVE_INFINITY);
    }
    const [firstLength, secondLength] = truncatePair(first.length, second.length, budget, truncation);
    return this.#assemble(parts, firstLength, secondLength);
  }

  /** Encodes each text, or pair of texts, on its own; see `padEncodings` for the batch. */
  encodeBatch(
    texts: readonly (string | readonly [string, string])[],
    options: Omit<EncodeOptions, 'pair'> = {},
  ): Encoding[] {
    return texts.map((item) =>
      typeof item === 'string' ? this.encode(item, options) : this.encode(item[0], { ...options, pair: item[1] }),
    );
  }

  /** A complete Hugging Face `tokenizer.json`. */
  toJSON(): object {
    return writeTokenizerJson(this.#definition, this.#ids);
  }

  #parts(hasPair: boolean, addSpecialTokens: boolean): readonly TemplatePart[] {
    const { single, pair } = this.#definition.template;
    const parts = hasPair ? pair : single;
    return addSpecialTokens ? parts : parts.filter((part) => 'sequence' in part);
  }

  #budget(maxLength: number | undefined, added: number): number {
    if (maxLength === undefined) return Number.POSITIVE_INFINITY;
    if (Number.isInteger(maxLength) && maxLength >= Math.max(added, 1)) return maxLength - added;
    throw new ValidationError('encode options', [
      {
        path: '/maxLength',
        message: `expected an integer of at least ${Math.max(added, 1)} (${added} special tokens are added), found ${maxLength}`,
      },
    ]);
  }

  #tokenize(text: string, parseSpecialTokens: boolean, out: TokenBuffer, limit: number): void {
    out.reset(limit);
    if (limit === 0) return;
    let from = 0;
    if (parseSpecialTokens) {
      this.#textMatcher?.forEachInText(text, (id, start, end) => {
        if (out.isFull) return;
        this.#tokenizeSection(text, from, start, out, parseSpecialTokens);
        out.push(id, start, end);
        from = end;
      });
    }
    if (!out.isFull) this.#tokenizeSection(text, from, text.length, out, parseSpecialTokens);
  }

  #tokenizeSection(text: string, from: number, to: number, out: TokenBuffer, parseSpecialTokens: boolean): void {
    if (from === to) return;
    if (this.#normalizedMatcher === undefined || !parseSpecialTokens) {
      this.#splitter.split(text, from, to, out);
      return;
    }
    const run = this.#splitter.normalize(text, from, to);
    let rest = 0;
    this.#normalizedMatcher.forEachInRun(run, (id, start, end) => {
      this.#splitter.splitRun(run, rest, start, out);
      out.push(id, run.starts[start]!, run.ends[end - 1]!);
      rest = end;
    });
    this.#splitter.splitRun(run, rest, run.length, out);
  }

  #normalized(content: string): string {
    const run = this.#splitter.normalize(content, 0, content.length);
    return Array.from(run.characters.subarray(0, run.length), (c) => String.fromCodePoint(c)).join('');
  }

  #assemble(parts: readonly TemplatePart[], firstLength: number, secondLength: number): Encoding {
    const length = countTokens(parts) + firstLength + secondLength;
    const ids = new Int32Array(length);
    const typeIds = new Uint8Array(length);
    const offsets = new Int32Array(2 * length);
    const specialMask = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      const isFirst = 'sequence' in part && part.sequence === 'A';
      const count = 'token' in part ? 1 : isFirst ? firstLength : secondLength;
      typeIds.fill(part.typeId, at, at + count);
      if ('token' in part) {
        ids[at] = this.#ids.get(part.token)!;
        specialMask[at] = 1;
      } else {
        const buffer = this.#buffers[isFirst ? 0 : 1];
        ids.set(buffer.ids.subarray(0, count), at);
        offsets.set(buffer.offsets.subarray(0, 2 * count), 2 * at);
      }
      at += count;
    }
    return new TokenizedText(ids, typeIds, offsets, specialMask, this.specialIds.pad ?? 0, this.#tokenOf);
  }
}
