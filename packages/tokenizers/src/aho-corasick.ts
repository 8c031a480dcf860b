import { type Issue, ValidationError } from '@zooid/common';
import { CodePoints } from './code-points.js';
import { ContentHash } from './content-hash.js';
import { linkFailures } from './failure-links.js';
import type { NormalizedText } from './normalized-text.js';
import { Trie, type TrieParts } from './trie.js';
import { assertWellFormed, isWellFormed } from './well-formed.js';

/** One word of a lexicon and what it stands for. */
export interface LexiconEntry<T> {
  readonly surface: string;
  readonly value: T;
}

/** One entry found in a text. `text.slice(start, end)` is what matched. */
export interface LexiconMatch<T> {
  /** Place of the entry in the order it was given to `build`. */
  readonly entry: number;
  /** The entry's surface as it was given. */
  readonly surface: string;
  readonly value: T;
  /** `[start, end)` in UTF-16 units of the text. */
  readonly start: number;
  readonly end: number;
  /** The same in code points. */
  readonly codePointStart: number;
  readonly codePointEnd: number;
}

export interface LexiconOptions {
  /** Applied to every surface and to every text; matches report places in the text before it. */
  readonly normalize?: (text: string) => NormalizedText;
}

/** An automaton without its entries, as plain data that can move between threads. */
export interface AutomatonParts {
  readonly size: number;
  readonly version: string;
  readonly trie: TrieParts;
  readonly fail: Int32Array<ArrayBuffer>;
  readonly output: Int32Array<ArrayBuffer>;
  readonly nextEntry: Int32Array<ArrayBuffer>;
  readonly units: Int32Array<ArrayBuffer>;
  readonly rootSteps: Int32Array<ArrayBuffer> | undefined;
}

const maxIssues = 20;
/** From this many nodes on the table of the root's steps (256 KiB) is worth its making. */
const rootTableNodes = 1 << 12;

/**
 * Finds every occurrence of every entry of a lexicon in a text, overlapping and nested ones included, in time linear
 * in the text plus the number of matches. Immutable: a changed lexicon is a new automaton with another `version`.
 *
 * @see Aho and Corasick 1975, "Efficient string matching: an aid to bibliographic search"
 */
export class AhoCorasick<T> {
  /** Number of entries. */
  readonly size: number;
  /**
   * Hash of the entries in order (16 hex digits of SHA-256 over surfaces, normalised surfaces and JSON of the values):
   * equal versions match equally.
   */
  readonly version: string;
  readonly #entryOf: (index: number) => LexiconEntry<T>;
  readonly #normalize: ((text: string) => NormalizedText) | undefined;
  readonly #trie: Trie;
  /** The node of the longest proper suffix that is also a path from the root. */
  readonly #fail: Int32Array<ArrayBuffer>;
  /** The nearest node along `fail` that ends an entry, or -1. */
  readonly #output: Int32Array<ArrayBuffer>;
  /** The next entry with the same surface, or -1. */
  readonly #nextEntry: Int32Array<ArrayBuffer>;
  /** Length of each entry's normalised surface in UTF-16 units. */
  readonly #units: Int32Array<ArrayBuffer>;
  /** In large automata, where the root goes on each character of the basic plane: most characters are tried there. */
  readonly #rootSteps: Int32Array<ArrayBuffer> | undefined;

  private constructor(parts: AutomatonParts, entryOf: (index: number) => LexiconEntry<T>, options: LexiconOptions) {
    this.size = parts.size;
    this.version = parts.version;
    this.#entryOf = entryOf;
    this.#normalize = options.normalize;
    this.#trie = Trie.fromParts(parts.trie);
    this.#fail = parts.fail;
    this.#output = parts.output;
    this.#nextEntry = parts.nextEntry;
    this.#units = parts.units;
    this.#rootSteps = parts.rootSteps;
  }

  /**
   * Builds the automaton; one surface may have several entries.
   *
   * @throws ValidationError listing (up to 20) surfaces that are empty, ill-formed, or empty once normalised.
   */
  static build<T>(entries: Iterable<LexiconEntry<T>>, options: LexiconOptions = {}): AhoCorasick<T> {
    const list = [...entries];
    return new AhoCorasick(buildParts(list, options), (index) => list[index]!, options);
  }

  /**
   * The automaton that `toTransferable` took apart in another thread.
   *
   * @param parts belong to the automaton from now on.
   * @param entryOf the entries it was built from, by place in their order.
   * @param options with the same `normalize`.
   */
  static fromTransferable<T>(
    parts: AutomatonParts,
    entryOf: (index: number) => LexiconEntry<T>,
    options: LexiconOptions = {},
  ): AhoCorasick<T> {
    return new AhoCorasick(parts, entryOf, options);
  }

  /**
   * Everything but the entries, for `postMessage(parts, transfer)`. These are the automaton's own arrays: once they
   * have moved, it must not be used any more.
   */
  toTransferable(): { readonly parts: AutomatonParts; readonly transfer: ArrayBuffer[] } {
    const trie = this.#trie.toParts();
    const parts = {
      size: this.size,
      version: this.version,
      trie,
      fail: this.#fail,
      output: this.#output,
      nextEntry: this.#nextEntry,
      units: this.#units,
      rootSteps: this.#rootSteps,
    };
    const arrays = [trie.slots, trie.values, parts.fail, parts.output, parts.nextEntry, parts.units, parts.rootSteps];
    return { parts, transfer: arrays.flatMap((array) => array?.buffer ?? []) };
  }

  /**
   * All matches, produced as they are asked for, so memory stays bounded however many there are. In order of their end
   * in the text, longer ones first, then in the order of the entries.
   *
   * @throws ValidationError when the text is not well-formed Unicode.
   */
  *match(text: string): IterableIterator<LexiconMatch<T>> {
    assertWellFormed(text);
    const normalized = this.#normalize?.(text);
    const searched = normalized?.text ?? text;
    const codePoints = normalized?.originalCodePoints ?? new CodePoints(text);
    let state = 0;
    for (let i = 0; i < searched.length; ) {
      const codePoint = searched.codePointAt(i)!;
      i += codePoint > 0xffff ? 2 : 1;
      state = this.#next(state, codePoint);
      let node = this.#trie.value(state) === -1 ? this.#output[state]! : state;
      for (; node !== -1; node = this.#output[node]!) {
        for (let entry = this.#trie.value(node); entry !== -1; entry = this.#nextEntry[entry]!) {
          const begin = i - this.#units[entry]!;
          const start = normalized?.originalStart(begin) ?? begin;
          const end = normalized?.originalEnd(i) ?? i;
          const { surface, value } = this.#entryOf(entry);
          const codePointStart = codePoints.fromUtf16(start);
          const codePointEnd = codePoints.fromUtf16(end);
          yield { entry, surface, value, start, end, codePointStart, codePointEnd };
        }
      }
    }
  }

  /** Calls `visit` with every match, as places in UTF-16 units: the fastest form. Return `false` to stop. */
  forEachMatch(text: string, visit: (entry: number, start: number, end: number) => unknown): void {
    assertWellFormed(text);
    const normalized = this.#normalize?.(text);
    const searched = normalized?.text ?? text;
    let state = 0;
    for (let i = 0; i < searched.length; ) {
      const codePoint = searched.codePointAt(i)!;
      i += codePoint > 0xffff ? 2 : 1;
      state = this.#next(state, codePoint);
      let node = this.#trie.value(state) === -1 ? this.#output[state]! : state;
      for (; node !== -1; node = this.#output[node]!) {
        for (let entry = this.#trie.value(node); entry !== -1; entry = this.#nextEntry[entry]!) {
          const begin = i - this.#units[entry]!;
          const goOn =
            normalized === undefined
              ? visit(entry, begin, i)
              : visit(entry, normalized.originalStart(begin), normalized.originalEnd(i));
          if (goOn === false) return;
        }
      }
    }
  }

  /** The entry at `index`, as it was given. */
  entryAt(index: number): LexiconEntry<T> {
    if (Number.isInteger(index) && index >= 0 && index < this.size) return this.#entryOf(index);
    throw new ValidationError('lexicon entry', [
      { path: '', message: `expected an integer from 0 to ${this.size - 1}, found ${index}` },
    ]);
  }

  #next(state: number, codePoint: number): number {
    let node = state;
    while (node !== 0) {
      const child = this.#trie.step(node, codePoint);
      if (child !== -1) return child;
      node = this.#fail[node]!;
    }
    if (this.#rootSteps !== undefined && codePoint < 0x10000) return this.#rootSteps[codePoint]!;
    return Math.max(0, this.#trie.step(0, codePoint));
  }
}

function buildParts(entries: readonly LexiconEntry<unknown>[], { normalize }: LexiconOptions): AutomatonParts {
  const trie = new Trie();
  const issues: Issue[] = [];
  const hash = new ContentHash();
  const nextEntry = new Int32Array(entries.length).fill(-1);
  const units = new Int32Array(entries.length);
  const lastEntry = new Int32Array(entries.length);
  entries.forEach(({ surface, value }, i) => {
    const problem = checkSurface(surface);
    const normalized = problem === undefined ? (normalize?.(surface).text ?? surface) : '';
    if (normalized === '') {
      const message = problem ?? `is ${JSON.stringify(surface)}, of which normalisation leaves nothing; drop the entry`;
      if (issues.length < maxIssues) issues.push({ path: `/${i}/surface`, message });
      return;
    }
    const node = trie.insert(normalized);
    const first = trie.value(node);
    if (first === -1) trie.setValue(node, i);
    else nextEntry[lastEntry[first]!] = i;
    lastEntry[first === -1 ? i : first] = i;
    units[i] = normalized.length;
    hash.add(surface, normalized, value);
  });
  if (issues.length > 0) throw new ValidationError('lexicon', issues);
  return {
    size: entries.length,
    version: hash.digest(),
    trie: trie.toParts(),
    ...linkFailures(trie),
    nextEntry,
    units,
    rootSteps: trie.size < rootTableNodes ? undefined : rootTable(trie),
  };
}

function rootTable(trie: Trie): Int32Array<ArrayBuffer> {
  const steps = new Int32Array(0x10000);
  for (let unit = 0; unit < steps.length; unit++) steps[unit] = Math.max(0, trie.step(0, unit));
  return steps;
}

function checkSurface(surface: unknown): string | undefined {
  if (typeof surface !== 'string') return `expected a string, found ${surface === null ? 'null' : typeof surface}`;
  if (surface === '') return 'expected at least one character, found an empty string';
  return isWellFormed(surface) ? undefined : 'holds a lone surrogate; remove it';
}
