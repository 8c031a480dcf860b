import { ValidationError } from '@zooid/common';
import { type AddedToken, AddedTokenMatcher } from './added-tokens.js';
import { createEngine } from './create-engine.js';
import { DecodeStream } from './decoders/decode-stream.js';
import { checkDefinition, type SpecialTokenRole, type SpecialTokens, type TokenizerDefinition } from './definition.js';
import { type Encoding, TokenizedText } from './encoding.js';
import type { Engine } from './engine.js';
import { countTokens, type TemplatePart } from './template.js';
import { TokenBuffer } from './token-buffer.js';
import { writeTokenizerJson } from './tokenizer-json/write-tokenizer-json.js';
import { type Truncation, truncatePair } from './truncation.js';
import { assertWellFormed } from './well-formed.js';

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

export interface DecodeOptions {
  /** Leave out `[CLS]`, `</s>` and other control tokens; default true. */
  readonly skipSpecialTokens?: boolean;
}

/**
 * Text → ids with character offsets, and ids → text: WordPiece, byte-pair encoding and Unigram models behind one face.
 * Ids equal those of the reference tokenizers. Time is in proportion to the text (times the logarithm of the longest
 * piece for byte-pair encoding); not for use from several threads at once.
 */
export class Tokenizer {
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  /** Ids of `specialTokens`; `undefined` for one that the vocabulary lacks. */
  readonly specialIds: Readonly<Record<SpecialTokenRole, number | undefined>>;
  readonly #definition: TokenizerDefinition;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #engine: Engine;
  /** Ids of control tokens. */
  readonly #controls: ReadonlySet<number>;
  readonly #textMatcher: AddedTokenMatcher | undefined;
  readonly #normalizedMatcher: AddedTokenMatcher | undefined;
  readonly #buffers: readonly [TokenBuffer, TokenBuffer] = [new TokenBuffer(), new TokenBuffer()];
  readonly #tokenOf = (id: number) => this.tokenOf(id);

  /** @throws TokenizerError when the definition contradicts itself. */
  constructor(definition: TokenizerDefinition) {
    const ids = checkDefinition(definition);
    const { specialTokens, addedTokens } = definition;
    const idOf = (token: string | undefined) => (token === undefined ? undefined : ids.get(token));
    this.#definition = definition;
    this.#ids = ids;
    this.vocabSize = definition.vocab.length;
    this.specialTokens = specialTokens;
    this.specialIds = {
      pad: idOf(specialTokens.pad),
      unk: idOf(specialTokens.unk),
      cls: idOf(specialTokens.cls),
      sep: idOf(specialTokens.sep),
      mask: idOf(specialTokens.mask),
      bos: idOf(specialTokens.bos),
      eos: idOf(specialTokens.eos),
    };
    this.#controls = new Set(addedTokens.filter(({ special }) => special).map(({ content }) => ids.get(content)!));
    this.#engine = createEngine(definition, ids);
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
      ({ content }) => this.#engine.normalized(content),
    );
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** What tokens that go on within a word begin with: `##` of BERT. `undefined` where tokens do not tell. */
  get continuingPrefix(): string | undefined {
    const { model } = this.#definition;
    return 'continuingPrefix' in model && model.continuingPrefix !== '' ? model.continuingPrefix : undefined;
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

  /**
   * The text that the tokens stand for. What normalisation took away, such as case, does not come back.
   *
   * @throws ValidationError when an id is not in `[0, vocabSize)`.
   */
  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const { skipSpecialTokens = true } = options;
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.tokenOf(id);
      if (!skipSpecialTokens || !this.#controls.has(id)) tokens.push(token);
    }
    const { decoder } = this.#definition;
    return decoder === undefined ? tokens.join(' ') : decoder.apply(tokens).join('');
  }

  /** Decodes tokens as they come, never giving out part of a character. */
  decodeStream(options: DecodeOptions = {}): DecodeStream {
    const { skipSpecialTokens = true } = options;
    const isSkipped = (id: number) => skipSpecialTokens && this.#controls.has(id);
    return new DecodeStream((ids) => this.decode(ids, { skipSpecialTokens: false }), isSkipped);
  }

  /** A complete Hugging Face `tokenizer.json`. */
  toJSON(): object {
    return writeTokenizerJson(this.#definition, this.#ids);
  }

  #parts(hasPair: boolean, addSpecialTokens: boolean): readonly TemplatePart[] {
    const { single, pair } = this.#definition.postProcessor.template;
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
    if (this.#definition.postProcessor.trimsOffsets) trimSpaces(text, out);
  }

  #tokenizeSection(text: string, from: number, to: number, out: TokenBuffer, parseSpecialTokens: boolean): void {
    if (from === to) return;
    const matcher = parseSpecialTokens ? this.#normalizedMatcher : undefined;
    if (matcher === undefined) this.#engine.split(text, from, to, out);
    else this.#engine.splitAround(text, from, to, matcher, out);
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

/** Takes the spaces at both ends out of the offsets; a token of spaces alone keeps an empty place at its end. */
function trimSpaces(text: string, tokens: TokenBuffer): void {
  const { offsets, length } = tokens;
  const space = 0x20;
  for (let i = 0; i < length; i++) {
    let start = offsets[2 * i]!;
    let end = offsets[2 * i + 1]!;
    while (start < end && text.charCodeAt(start) === space) start++;
    while (end > start && text.charCodeAt(end - 1) === space) end--;
    offsets[2 * i] = start;
    offsets[2 * i + 1] = end;
  }
}
