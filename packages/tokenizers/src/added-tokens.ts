import type { NormalizedRun } from './normalized-run.js';
import { Trie } from './trie.js';

/** A token that is found in the text as it stands, before words are split. */
export interface AddedToken {
  readonly content: string;
  /** Look for it after normalisation instead of before. */
  readonly normalized: boolean;
  /** Accept it only where no letter, digit or underscore touches it. */
  readonly singleWord: boolean;
  /** A control token such as `[MASK]`, not a word of the language. */
  readonly special: boolean;
  /** It takes the white space before it along; default false. */
  readonly leftStrip?: boolean;
  /** It takes the white space after it along; default false. */
  readonly rightStrip?: boolean;
}

const whiteSpace = /^\p{White_Space}$/u;
const wordCharacter = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]$/u;

/** A sequence of code points to search: the text itself, or its normalised form. */
interface Searched {
  readonly length: number;
  at(i: number): number;
  /** Index after the code point at `i`. */
  next(i: number): number;
  /** The code point that ends at `i`, or -1. */
  before(i: number): number;
  /** The first place from `i` on where a token could start; `length` or more when there is none. */
  candidate(i: number): number;
}

type MatchedToken = Pick<AddedToken, 'content' | 'singleWord' | 'leftStrip' | 'rightStrip'> & { readonly id: number };

type Visit = (id: number, start: number, end: number) => void;

/** Finds added tokens: leftmost first, the longest of those that start at one place. */
export class AddedTokenMatcher {
  readonly #trie = new Trie();
  /** The character all tokens begin with, if they do (`[` in BERT): the text is then searched for that alone. */
  readonly #first: string | undefined;

  constructor(readonly tokens: readonly MatchedToken[]) {
    tokens.forEach(({ content }, i) => {
      this.#trie.setValue(this.#trie.insert(content), i);
    });
    const firsts = new Set(tokens.map(({ content }) => String.fromCodePoint(content.codePointAt(0)!)));
    this.#first = firsts.size === 1 ? [...firsts][0] : undefined;
  }

  /** Calls `visit(id, start, end)` for every match in `text` (UTF-16), in order and without overlaps. */
  forEachInText(text: string, visit: Visit): void {
    const first = this.#first;
    if (first !== undefined && !text.includes(first)) return;
    this.#forEach(
      {
        length: text.length,
        at: (i) => text.codePointAt(i)!,
        next: (i) => i + (text.codePointAt(i)! > 0xffff ? 2 : 1),
        before: (i) => {
          const unit = i === 0 ? -1 : text.charCodeAt(i - 1);
          return (unit & 0xfc00) === 0xdc00 && unit !== -1 ? text.codePointAt(i - 2)! : unit;
        },
        candidate: (i) => {
          if (first === undefined) return i;
          const found = text.indexOf(first, i);
          return found === -1 ? text.length : found;
        },
      },
      visit,
    );
  }

  /** The same over normalised characters; places are indices into the run. */
  forEachInRun(run: NormalizedRun, visit: Visit): void {
    const { characters, length } = run;
    this.#forEach(
      {
        length,
        at: (i) => characters[i]!,
        next: (i) => i + 1,
        before: (i) => (i === 0 ? -1 : characters[i - 1]!),
        candidate: (i) => i,
      },
      visit,
    );
  }

  #forEach(searched: Searched, visit: Visit): void {
    const { length } = searched;
    let done = 0;
    for (let i = searched.candidate(0); i < length; ) {
      let end = -1;
      let token = -1;
      let node = this.#trie.step(0, searched.at(i));
      for (let j = searched.next(i); node !== -1; j = searched.next(j)) {
        const value = this.#trie.value(node);
        if (value !== -1) {
          end = j;
          token = value;
        }
        if (j >= length) break;
        node = this.#trie.step(node, searched.at(j));
      }
      const isTouched =
        token !== -1 &&
        this.tokens[token]!.singleWord &&
        (isWord(searched.before(i)) || (end < length && isWord(searched.at(end))));
      if (token === -1 || isTouched) {
        i = searched.candidate(searched.next(i));
      } else {
        const { id, leftStrip, rightStrip } = this.tokens[token]!;
        const start = leftStrip ? startOfSpace(searched, i, done) : i;
        done = rightStrip ? endOfSpace(searched, end) : end;
        visit(id, start, done);
        i = done < length ? searched.candidate(done) : length;
      }
    }
  }
}

/** All white space is in the basic plane, so one step back is one unit, or one character of a run. */
function startOfSpace(searched: Searched, from: number, least: number): number {
  let start = from;
  while (start > least && isSpace(searched.before(start))) start--;
  return start;
}

function endOfSpace(searched: Searched, from: number): number {
  let end = from;
  while (end < searched.length && isSpace(searched.at(end))) end++;
  return end;
}

function isSpace(codePoint: number): boolean {
  return whiteSpace.test(String.fromCodePoint(codePoint));
}

function isWord(codePoint: number): boolean {
  return codePoint !== -1 && wordCharacter.test(String.fromCodePoint(codePoint));
}
