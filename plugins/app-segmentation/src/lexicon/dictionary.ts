import { AhoCorasick, type Units } from '@zooid/tokenizers';
import { type LexiconEntry, weightOf } from './entry.js';

/** UTF-16 units searched between two chances for others to run. */
const SEARCHED_PER_STEP = 8192;
/** Matches visited, about, between two of them. */
const FOUND_PER_STEP = 32_768;

/** Entries that are looked up together. Immutable; making one takes about a microsecond per character. */
export class Dictionary {
  readonly entries: readonly LexiconEntry[];
  readonly version: string;
  private readonly automaton: AhoCorasick<Omit<LexiconEntry, 'surface'>>;

  /** UTF-16 units of the longest surface. */
  private readonly longest: number;

  /** @param entries of which those that say the same count once, with the largest weight. */
  constructor(entries: Iterable<LexiconEntry>) {
    this.entries = distinct(entries);
    this.longest = this.entries.reduce((most, { surface }) => Math.max(most, surface.length), 0);
    this.automaton = AhoCorasick.build(
      this.entries.map(({ surface, granularity, weight }) => ({
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
   * Calls `visit` with every match, as a range of units, in the order of their ends. Matches that would divide a unit are none: a
   * Latin word, a number or a character with its marks is whole.
   */
  *matches(units: Units, visit: (entry: LexiconEntry, first: number, end: number) => void): Generator<number, void> {
    const { text, starts, count } = units;
    let last = 0;
    for (let from = 0; from < text.length; ) {
      const to = codePointStart(text, Math.min(text.length, from + SEARCHED_PER_STEP));
      // A match belongs to the stretch that it ends in, and may begin before it.
      const context = codePointStart(text, Math.max(0, from - this.longest));
      let found = 0;
      let searched = to;
      this.automaton.forEachMatch(text.slice(context, to), (index, start, end) => {
        const place = context + end;
        if (place <= from) return true;
        // Where entries are many and alike, a stretch ends early: with the place at which it has found enough.
        if (found >= FOUND_PER_STEP && place > searched) return false;
        if (++found >= FOUND_PER_STEP) searched = place;
        while (last < count && starts[last]! < place) last++;
        if (starts[last] !== place) return true;
        let first = last;
        while (starts[first]! > context + start) first--;
        if (starts[first] === context + start) visit(this.entries[index]!, first, last);
        return true;
      });
      yield searched - from + found;
      from = searched;
    }
  }
}

function distinct(entries: Iterable<LexiconEntry>): LexiconEntry[] {
  const heaviest = new Map<string, LexiconEntry>();
  for (const entry of entries) {
    const key = `${entry.granularity ?? ''}\u0000${entry.surface}`;
    const other = heaviest.get(key);
    if (other === undefined || weightOf(entry) > weightOf(other)) heaviest.set(key, entry);
  }
  return [...heaviest.values()];
}

/** `index`, or the start of the character that it would cut in two. */
function codePointStart(text: string, index: number): number {
  const isLow = index > 0 && index < text.length && (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  return isLow ? index - 1 : index;
}
