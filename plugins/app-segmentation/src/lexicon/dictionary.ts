import { AhoCorasick } from '@zooid/tokenizers';
import type { Units } from '../text/units.js';
import { type LexiconEntry, MAX_SURFACE } from './entry.js';

/** UTF-16 units searched between two chances for others to run. */
const SEARCHED_PER_STEP = 8192;

/** Entries that are looked up together. Immutable; making one takes about a microsecond per character. */
export class Dictionary {
  readonly version: string;
  private readonly automaton: AhoCorasick<Omit<LexiconEntry, 'surface'>>;

  constructor(readonly entries: readonly LexiconEntry[]) {
    this.automaton = AhoCorasick.build(
      entries.map(({ surface, granularity, weight }) => ({
        surface,
        value: { ...(granularity !== undefined && { granularity }), ...(weight !== undefined && { weight }) },
      })),
    );
    this.version = this.automaton.version;
  }

  get size(): number {
    return this.entries.length;
  }

  /**
   * Calls `visit` with every match, as a range of units. Matches that would divide a unit are none: a Latin word, a number or
   * a character with its marks is whole.
   */
  *matches(units: Units, visit: (entry: LexiconEntry, first: number, end: number) => void): Generator<number, void> {
    const { text, starts, count } = units;
    let last = 0;
    for (let from = 0; from < text.length; ) {
      const to = codePointStart(text, Math.min(text.length, from + SEARCHED_PER_STEP));
      // A match belongs to the stretch that it ends in, and may begin before it.
      const context = codePointStart(text, Math.max(0, from - 2 * MAX_SURFACE));
      this.automaton.forEachMatch(text.slice(context, to), (index, start, end) => {
        if (context + end <= from) return;
        while (last < count && starts[last]! < context + end) last++;
        if (starts[last] !== context + end) return;
        let first = last;
        while (starts[first]! > context + start) first--;
        if (starts[first] === context + start) visit(this.entries[index]!, first, last);
      });
      // Matches come in the order of their ends; the next stretch goes on where this one ended.
      yield to - from;
      from = to;
    }
  }
}

/** `index`, or the start of the character that it would cut in two. */
function codePointStart(text: string, index: number): number {
  const isLow = index > 0 && index < text.length && (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  return isLow ? index - 1 : index;
}
