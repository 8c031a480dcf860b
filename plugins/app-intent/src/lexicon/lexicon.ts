import { AhoCorasick } from '@zooid/tokenizers';
import type { LexiconEntry } from './entry.js';
import { normalizeForMatching } from './normalize.js';

/** An entry found in a text: `[start, end)` in UTF-16 units of the original text. */
export interface LexiconMatch {
  readonly surface: string;
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly popularity: number;
}

/** An immutable set of entries with its matcher; `version` is a hash of the content. */
export class Lexicon {
  private constructor(
    readonly entries: readonly LexiconEntry[],
    readonly version: string,
    private readonly matcher: AhoCorasick<LexiconEntry>,
  ) {}

  static build(entries: readonly LexiconEntry[]): Lexicon {
    const matcher = AhoCorasick.build(
      entries.map((entry) => ({ surface: entry.surface, value: entry })),
      { normalize: normalizeForMatching },
    );
    return new Lexicon(entries, matcher.version, matcher);
  }

  get size(): number {
    return this.entries.length;
  }

  /** All overlapping matches, in order of their end. A match never splits a Latin word or a number of the text. */
  match(text: string): LexiconMatch[] {
    const matches: LexiconMatch[] = [];
    this.matcher.forEachMatch(text, (index, start, end) => {
      if (splitsWord(text, start) || splitsWord(text, end)) return undefined;
      const { surface, type, popularity } = this.entries[index]!;
      matches.push({ surface, type, popularity, start, end });
      return undefined;
    });
    return matches;
  }
}

const wordCharacter = /[\p{Script=Latin}\p{N}]/u;

/** Whether `index` lies inside a run of Latin letters or digits. */
function splitsWord(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return false;
  return wordCharacter.test(text[index - 1]!) && wordCharacter.test(text[index]!);
}
