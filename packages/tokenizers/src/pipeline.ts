import type { AddedTokenMatcher } from './added-tokens.js';
import { AlignedText } from './aligned-text.js';
import type { Engine } from './engine.js';
import type { WordModel } from './models/word-model.js';
import type { Normalizer } from './normalizers/normalizer.js';
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js';
import type { TokenBuffer } from './token-buffer.js';

/** Normaliser, pre-tokenizer and model one after another, any of them. */
export class Pipeline implements Engine {
  constructor(
    readonly normalizer: Normalizer | undefined,
    readonly preTokenizer: PreTokenizer | undefined,
    readonly model: WordModel,
  ) {}

  split(text: string, from: number, to: number, out: TokenBuffer): void {
    this.#splitSection(this.#normalize(text, from, to), out);
  }

  splitAround(text: string, from: number, to: number, matcher: AddedTokenMatcher, out: TokenBuffer): void {
    const section = this.#normalize(text, from, to);
    let rest = 0;
    matcher.forEachInText(section.text, (id, start, end) => {
      if (out.isFull) return;
      if (rest < start) this.#splitSection(section.slice(rest, start), out);
      out.push(id, section.originalStart(start), section.originalEnd(end));
      rest = end;
    });
    if (rest === 0) this.#splitSection(section, out);
    else if (rest < section.text.length) this.#splitSection(section.slice(rest, section.text.length), out);
  }

  normalized(text: string): string {
    return this.#normalize(text, 0, text.length).text;
  }

  #normalize(text: string, from: number, to: number): AlignedText {
    const section = new AlignedText(from === 0 && to === text.length ? text : text.slice(from, to), from);
    return this.normalizer === undefined ? section : this.normalizer.apply(section);
  }

  #splitSection(section: AlignedText, out: TokenBuffer): void {
    const { length } = section.text;
    if (length === 0 || out.isFull) return;
    if (this.preTokenizer === undefined) {
      this.model.tokenize(section, 0, length, out);
      return;
    }
    this.preTokenizer.split(section, 0, length, (piece, from, to) => {
      if (from < to) this.model.tokenize(piece, from, to, out);
      return !out.isFull;
    });
  }
}
