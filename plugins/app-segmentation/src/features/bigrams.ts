import { ValidationError } from '@zooid/common';
import { type Slab, type Units, unitKind } from '@zooid/tokenizers';
import { SymbolPairs } from '../symbol-pairs.js';
import type { Window } from '../windows.js';

/** What stands for characters that a pair has none of, beyond the last code point. */
const symbols = { start: 0x110000, end: 0x110001, space: 0x110002, number: 0x110003, word: 0x110004 } as const;
const symbolNames: ReadonlyMap<number, string> = new Map([
  [symbols.start, '<s>'],
  [symbols.end, '</s>'],
  [symbols.space, '<space>'],
  [symbols.number, '<number>'],
  [symbols.word, '<word>'],
]);
const namedSymbols = new Map(Array.from(symbolNames, ([symbol, name]) => [name, symbol]));

/** Row of special tokens and padding. */
export const PAD_BIGRAM = 0;
/** Row of pairs that the vocabulary lacks. */
export const UNKNOWN_BIGRAM = 1;
const FIRST_BIGRAM = 2;

const pairBase = 2 ** 21;
const keyOf = (left: number, right: number): number => left * pairBase + right;

/**
 * Pairs of neighbouring units by row of their table. Latin words and numbers are one symbol each, and the edges of a
 * window are symbols of their own; tag tokens are no neighbours.
 */
export class BigramVocabulary {
  private readonly rows: SymbolPairs;

  private constructor(private readonly keys: readonly number[]) {
    this.rows = new SymbolPairs(
      keys.map((key) => [Math.floor(key / pairBase), key % pairBase]),
      FIRST_BIGRAM,
    );
  }

  /** Rows of the table, those for padding and for unknown pairs included. */
  get size(): number {
    return this.keys.length + FIRST_BIGRAM;
  }

  /**
   * The pairs of the training texts that occur at least `minCount` times, the most frequent first.
   *
   * @param maxSize most pairs that are kept
   */
  static count(
    windows: Iterable<readonly [Units, Window]>,
    { minCount, maxSize }: { readonly minCount: number; readonly maxSize: number },
  ): BigramVocabulary {
    const counts = new Map<number, number>();
    for (const [units, window] of windows) {
      forEachPair(units, window, (left, right) => {
        const key = keyOf(left, right);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      });
    }
    const kept = [...counts].filter(([, count]) => count >= minCount).sort(([a, m], [b, n]) => n - m || a - b);
    return new BigramVocabulary(kept.slice(0, maxSize).map(([key]) => key));
  }

  /** Reads what {@link toText} wrote. @throws ValidationError naming the line that is no pair. */
  static parse(text: string, subject: string): BigramVocabulary {
    const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
    const keys = lines.map((line, i) => {
      const [left, right, ...more] = line.split('\t').map(symbolOf);
      if (left !== undefined && right !== undefined && more.length === 0) return keyOf(left, right);
      throw new ValidationError(subject, [
        { path: `/${i}`, message: `must be two symbols with a tab between, got ${JSON.stringify(line.slice(0, 20))}` },
      ]);
    });
    return new BigramVocabulary(keys);
  }

  /** One pair a line, in the order of the rows. */
  toText(): string {
    const name = (symbol: number) => symbolNames.get(symbol) ?? String.fromCodePoint(symbol);
    return this.keys.map((key) => `${name(Math.floor(key / pairBase))}\t${name(key % pairBase)}\n`).join('');
  }

  /** Rows of the pairs to the left and to the right of every unit of a window that is not white space: `[…, left, right, …]`. */
  rowsOf(units: Units, window: Window, slab?: Slab): Int32Array {
    const { start, end, isOpenLeft, isOpenRight } = window;
    const { kinds, count } = units;
    const rows = slab?.int32(2 * (end - start)) ?? new Int32Array(2 * (end - start));
    let at = 0;
    let symbol: number = isOpenLeft && start > 0 ? symbolAt(units, start - 1) : symbols.start;
    let next = start < end ? symbolAt(units, start) : symbols.end;
    let left = this.rows.get(symbol, next, UNKNOWN_BIGRAM);
    for (let unit = start; unit < end; unit++) {
      symbol = next;
      if (unit + 1 < end || (isOpenRight && end < count)) next = symbolAt(units, unit + 1);
      else next = symbols.end;
      const right = this.rows.get(symbol, next, UNKNOWN_BIGRAM);
      if (kinds[unit] !== unitKind.space) {
        rows[at++] = left;
        rows[at++] = right;
      }
      left = right;
    }
    return rows.subarray(0, at);
  }
}

/** Calls `visit` with the pair before every unit of the window, then with the one after the last. */
function forEachPair(units: Units, window: Window, visit: (left: number, right: number) => void): void {
  const { start, end, isOpenLeft, isOpenRight } = window;
  let left: number = isOpenLeft && start > 0 ? symbolAt(units, start - 1) : symbols.start;
  for (let unit = start; unit < end; unit++) {
    const symbol = symbolAt(units, unit);
    visit(left, symbol);
    left = symbol;
  }
  visit(left, isOpenRight && end < units.count ? symbolAt(units, end) : symbols.end);
}

function symbolAt({ text, starts, kinds }: Units, unit: number): number {
  switch (kinds[unit]) {
    case unitKind.space:
      return symbols.space;
    case unitKind.number:
      return symbols.number;
    case unitKind.word:
      return symbols.word;
    default:
      return text.codePointAt(starts[unit]!)!;
  }
}

function symbolOf(name: string): number | undefined {
  const named = namedSymbols.get(name);
  if (named !== undefined) return named;
  const symbol = name.codePointAt(0);
  return symbol !== undefined && name.length === (symbol > 0xffff ? 2 : 1) ? symbol : undefined;
}
