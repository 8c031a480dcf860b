import { AhoCorasick, type AutomatonParts } from '@zooid/tokenizers';
import type { LexiconEntry } from './entry.js';
import { type EntryColumns, EntryTable } from './entry-table.js';
import { normalizeForMatching } from './normalize.js';

/** An entry found in a text: `[start, end)` in UTF-16 units of the original text. */
export interface LexiconMatch {
  /** Place of the entry in its lexicon. */
  readonly entry: number;
  readonly surface: string;
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly popularity: number;
}

/** A lexicon as plain data that can move between threads. */
export interface LexiconParts {
  readonly columns: EntryColumns;
  readonly automaton: AutomatonParts;
}

/**
 * Matches kept that end at one place, longest first. No natural lexicon nests so deep; one that a caller sends with
 * every prefix of a long text would otherwise cost its square.
 */
const MATCHES_PER_END = 32;

const options = { normalize: normalizeForMatching };

/** An immutable set of entries with its matcher; `version` is a hash of the content. */
export class Lexicon {
  private constructor(
    readonly entries: EntryTable,
    private readonly matcher: AhoCorasick<LexiconEntry>,
  ) {}

  /** @throws ValidationError naming entries that hold nothing to match by. */
  static build(entries: Iterable<LexiconEntry>): Lexicon {
    const table = EntryTable.from(entries);
    const surfaces = Array.from(table, (entry) => ({ surface: entry.surface, value: entry }));
    return new Lexicon(table, AhoCorasick.build(surfaces, options));
  }

  /** The lexicon that `toTransferable` took apart in another thread. */
  static fromTransferable({ columns, automaton }: LexiconParts): Lexicon {
    const entries = new EntryTable(columns);
    const entryOf = (index: number) => {
      const entry = entries.at(index);
      return { surface: entry.surface, value: entry };
    };
    return new Lexicon(entries, AhoCorasick.fromTransferable(automaton, entryOf, options));
  }

  /** For `postMessage(parts, transfer)`, after which this lexicon must not be used any more. */
  toTransferable(): { readonly parts: LexiconParts; readonly transfer: ArrayBuffer[] } {
    const { parts: automaton, transfer } = this.matcher.toTransferable();
    const { columns } = this.entries;
    const { ends, popularities, types, sources, ambiguous } = columns;
    const arrays = [ends, popularities, types, sources, ambiguous];
    return { parts: { columns, automaton }, transfer: [...transfer, ...arrays.map(({ buffer }) => buffer)] };
  }

  get size(): number {
    return this.entries.size;
  }

  get version(): string {
    return this.matcher.version;
  }

  /**
   * Matches in order of their end, overlapping and nested ones included; of those that end at one place the 32
   * longest. A match never splits a Latin word or a number of the text.
   *
   * @param end where to stop looking, in UTF-16 units; default: the end of the text.
   */
  match(text: string, end = text.length): LexiconMatch[] {
    const matches: LexiconMatch[] = [];
    let lastEnd = -1;
    let kept = 0;
    this.matcher.forEachMatch(prefix(text, end), (entry, start, matchEnd) => {
      if (matchEnd !== lastEnd) {
        lastEnd = matchEnd;
        kept = 0;
      }
      if (kept === MATCHES_PER_END || splitsWord(text, start) || splitsWord(text, matchEnd)) return undefined;
      kept++;
      const { surface, type, popularity } = this.entries.at(entry);
      matches.push({ entry, surface, type, popularity, start, end: matchEnd });
      return undefined;
    });
    return matches;
  }
}

/** Up to `end`, or one further where that would part a surrogate pair. */
function prefix(text: string, end: number): string {
  if (end >= text.length) return text;
  return text.slice(0, (text.charCodeAt(end) & 0xfc00) === 0xdc00 ? end + 1 : end);
}

const wordCharacter = /[\p{Script=Latin}\p{N}]/u;

/** Whether `index` lies inside a run of Latin letters or digits. */
function splitsWord(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return false;
  return wordCharacter.test(text[index - 1]!) && wordCharacter.test(text[index]!);
}
