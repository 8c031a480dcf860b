import { type Issue, ValidationError } from '@zooid/common';
import { countWords } from './count-words.js';
import { defaultSpecialTokens } from './definition.js';
import { PairQueue } from './pair-queue.js';

export interface TrainWordPieceOptions {
  /** Most tokens of the vocabulary, special tokens included. It is smaller when the texts give fewer. */
  readonly vocabSize: number;
  /** A character or piece that occurs fewer times than this is left out; default 2. */
  readonly minFrequency?: number;
  /** Default true. */
  readonly lowercase?: boolean;
  /** Default: as `lowercase`. */
  readonly stripAccents?: boolean;
  /** Make every Chinese character a word of its own, as the tokenizer does; default true. */
  readonly chineseCharacters?: boolean;
  /** Learn no merges: single characters are the units. Default false. */
  readonly characters?: boolean;
  /** First tokens of the vocabulary, in order; default `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]`, `[MASK]`. */
  readonly specialTokens?: readonly string[];
  /** Default `##`. */
  readonly continuingPrefix?: string;
  /** Longer words are not looked at, as the tokenizer takes them for unknown; default 100. */
  readonly maxCharactersPerWord?: number;
}

/** Pairs are keyed `left · 2²⁴ + right`, which stays an exact integer. */
const pairBase = 2 ** 24;
const maxVocabSize = 1_000_000;

/**
 * Trains a WordPiece vocabulary: starts from characters and merges the most frequent pair of neighbours again and
 * again (byte-pair encoding), as Hugging Face's WordPiece trainer does. The result depends on the texts as a multiset,
 * not on their order. Token by id: special tokens, characters by code point, then pieces in order of their merge.
 *
 * Every character that occurs within words is there in both forms (`q` and `##q`), so a new word of known characters
 * is never unknown.
 *
 * @throws ValidationError when an option makes no sense or a text is not well-formed Unicode.
 * @see Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units"
 */
export function trainWordPiece(texts: Iterable<string>, options: TrainWordPieceOptions): string[] {
  const { vocabSize, minFrequency = 2, lowercase = true, characters = false } = options;
  const { continuingPrefix = '##', maxCharactersPerWord = 100 } = options;
  const specialTokens = options.specialTokens ?? Object.values(defaultSpecialTokens);
  checkOptions(vocabSize, minFrequency, specialTokens);
  const words = countWords(texts, {
    cleanText: true,
    chineseCharacters: options.chineseCharacters ?? true,
    stripAccents: options.stripAccents ?? lowercase,
    lowercase,
  });
  const split = Array.from(words, ([word, count]) => ({ characters: [...word], count })).filter(
    (word) => word.characters.length <= maxCharactersPerWord,
  );
  const alphabet = chooseAlphabet(split, minFrequency, vocabSize - specialTokens.length, continuingPrefix);
  const tokens = [...alphabet];
  if (!characters) {
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const symbols = split.flatMap(({ characters: word, count }) => {
      const sequence = word.map((character, i) => ids.get(i === 0 ? character : continuingPrefix + character) ?? -1);
      return sequence.length > 1 && !sequence.includes(-1) ? [{ sequence, count }] : [];
    });
    new Merger(tokens, symbols, continuingPrefix).run(vocabSize - specialTokens.length, minFrequency);
  }
  const special = new Set(specialTokens);
  return [...specialTokens, ...tokens.filter((token) => !special.has(token))];
}

function checkOptions(vocabSize: number, minFrequency: number, specialTokens: readonly string[]): void {
  const issues: Issue[] = [];
  const least = specialTokens.length + 1;
  if (!Number.isInteger(vocabSize) || vocabSize < least || vocabSize > maxVocabSize) {
    const message = `expected an integer from ${least} (one more than the special tokens) to ${maxVocabSize}, found ${vocabSize}`;
    issues.push({ path: '/vocabSize', message });
  }
  if (!Number.isInteger(minFrequency) || minFrequency < 1) {
    issues.push({ path: '/minFrequency', message: `expected a positive integer, found ${minFrequency}` });
  }
  specialTokens.forEach((token, i) => {
    if (token !== '' && specialTokens.indexOf(token) === i) return;
    issues.push({
      path: `/specialTokens/${i}`,
      message: `is ${token === '' ? 'empty' : `a second ${token}`}; remove it`,
    });
  });
  if (issues.length > 0) throw new ValidationError('trainWordPiece options', issues);
}

/** Characters that occur often enough, the most frequent ones when not all fit; by code point, first form before `##`. */
function chooseAlphabet(
  words: readonly { readonly characters: readonly string[]; readonly count: number }[],
  minFrequency: number,
  room: number,
  continuingPrefix: string,
): string[] {
  const counts = new Map<string, { count: number; isWithinWords: boolean }>();
  for (const { characters, count } of words) {
    for (const character of characters) {
      const entry = counts.get(character) ?? { count: 0, isWithinWords: false };
      entry.count += count;
      entry.isWithinWords ||= characters.length > 1;
      counts.set(character, entry);
    }
  }
  const frequent = [...counts]
    .filter(([, { count }]) => count >= minFrequency)
    .sort(([a, { count: m }], [b, { count: n }]) => n - m || a.codePointAt(0)! - b.codePointAt(0)!);
  const chosen: [string, boolean][] = [];
  let used = 0;
  for (const [character, { isWithinWords }] of frequent) {
    const needed = isWithinWords ? 2 : 1;
    if (used + needed > room) break;
    used += needed;
    chosen.push([character, isWithinWords]);
  }
  chosen.sort(([a], [b]) => a.codePointAt(0)! - b.codePointAt(0)!);
  const within = chosen.flatMap(([character, isWithinWords]) => (isWithinWords ? [continuingPrefix + character] : []));
  return [...chosen.map(([character]) => character), ...within];
}

interface SymbolWord {
  /** Token ids; shrinks as pairs are merged. */
  sequence: number[];
  readonly count: number;
}

/** The merge loop, with pair counts kept up to date by visiting only the words that hold the merged pair. */
class Merger {
  readonly #counts = new Map<number, number>();
  /** Words that held the pair when it was counted; some may have lost it since. */
  readonly #holders = new Map<number, Set<number>>();
  readonly #queue = new PairQueue();
  readonly #ids: Map<string, number>;

  constructor(
    readonly tokens: string[],
    readonly words: readonly SymbolWord[],
    readonly continuingPrefix: string,
  ) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    words.forEach(({ sequence, count }, word) => {
      for (let i = 1; i < sequence.length; i++) this.#add(pairKey(sequence[i - 1]!, sequence[i]!), count, word);
    });
    for (const [key, count] of this.#counts) this.#queue.push(key, count);
  }

  /** Adds tokens until there are `size`, or no pair occurs `minFrequency` times. */
  run(size: number, minFrequency: number): void {
    while (this.tokens.length < size) {
      const best = this.#queue.pop();
      if (best === undefined || best.count < minFrequency) return;
      const count = this.#counts.get(best.key) ?? 0;
      // The queue is corrected lazily: counts only fall after a push, and a pair that rises is pushed again.
      if (count !== best.count) {
        if (count > 0 && count < best.count) this.#queue.push(best.key, count);
        continue;
      }
      this.#merge(best.key);
    }
  }

  #merge(key: number): void {
    const left = Math.floor(key / pairBase);
    const right = key % pairBase;
    const token = this.tokens[left]! + this.tokens[right]!.slice(this.continuingPrefix.length);
    let merged = this.#ids.get(token);
    if (merged === undefined) {
      merged = this.tokens.length;
      this.tokens.push(token);
      this.#ids.set(token, merged);
    }
    const holders = this.#holders.get(key) ?? new Set<number>();
    this.#holders.delete(key);
    this.#counts.delete(key);
    const risen = new Set<number>();
    for (const word of holders) this.#mergeInWord(word, left, right, merged, risen);
    for (const pair of risen) {
      const count = this.#counts.get(pair) ?? 0;
      if (count > 0) this.#queue.push(pair, count);
    }
  }

  #mergeInWord(word: number, left: number, right: number, merged: number, risen: Set<number>): void {
    const { sequence, count } = this.words[word]!;
    const next: number[] = [];
    for (let i = 0; i < sequence.length; i++) {
      if (sequence[i] === left && sequence[i + 1] === right) {
        next.push(merged);
        i++;
      } else {
        next.push(sequence[i]!);
      }
    }
    if (next.length === sequence.length) return;
    for (let i = 1; i < sequence.length; i++) this.#add(pairKey(sequence[i - 1]!, sequence[i]!), -count, word);
    for (let i = 1; i < next.length; i++) {
      const key = pairKey(next[i - 1]!, next[i]!);
      this.#add(key, count, word);
      if (next[i - 1] === merged || next[i] === merged) risen.add(key);
    }
    this.words[word]!.sequence = next;
  }

  #add(key: number, count: number, word: number): void {
    const total = (this.#counts.get(key) ?? 0) + count;
    if (total === 0) this.#counts.delete(key);
    else this.#counts.set(key, total);
    if (count < 0) return;
    const holders = this.#holders.get(key);
    if (holders === undefined) this.#holders.set(key, new Set([word]));
    else holders.add(word);
  }
}

function pairKey(left: number, right: number): number {
  return left * pairBase + right;
}
