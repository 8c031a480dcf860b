import type { AlignedText } from '../aligned-text.js';
import { regexPattern, type TextPattern } from '../text-pattern.js';
import type { PreTokenizer, VisitPiece } from './pre-tokenizer.js';

/** What becomes of the stretches that a pattern matches. */
export const splitBehaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

/** Cuts where a pattern matches, or with `invert` where it does not. */
export function splitPreTokenizer(
  pattern: TextPattern,
  behavior: SplitBehavior,
  options: { readonly invert?: boolean; readonly json?: PreTokenizer['json'] } = {},
): PreTokenizer {
  const { invert = false } = options;
  return {
    json: options.json ?? ({ type: 'Split', pattern: pattern.json, behavior, invert } as PreTokenizer['json']),
    yieldsBytes: false,
    split: (source, from, to, visit) => splitAt(pattern, behavior, invert, source, from, to, visit),
  };
}

/** Cuts `source.text[from, to)`; false when the visitor has had enough. */
export function splitAt(
  pattern: TextPattern,
  behavior: SplitBehavior,
  invert: boolean,
  source: AlignedText,
  from: number,
  to: number,
  visit: VisitPiece,
): boolean {
  const pieces = new PieceMerger(behavior, source, visit);
  let done = from;
  let goesOn = true;
  pattern.forEachMatch(source.text, from, to, (start, end) => {
    if (done < start) goesOn = pieces.add(done, start, invert);
    if (goesOn) goesOn = pieces.add(start, end, !invert);
    done = end;
    return goesOn;
  });
  if (goesOn && done < to) goesOn = pieces.add(done, to, invert);
  return goesOn && pieces.finish();
}

/** Puts matched and other stretches together as the behaviour says, holding back one that may still grow. */
class PieceMerger {
  #from = -1;
  #to = -1;
  #isMatch = false;
  /** The piece held back ends with a match that was merged into it. */
  #hasMerged = false;

  constructor(
    readonly behavior: SplitBehavior,
    readonly source: AlignedText,
    readonly visit: VisitPiece,
  ) {}

  add(from: number, to: number, isMatch: boolean): boolean {
    switch (this.behavior) {
      case 'Removed':
        return isMatch || this.visit(this.source, from, to);
      case 'Isolated':
        return this.visit(this.source, from, to);
      case 'Contiguous':
        return this.#isHeld && this.#isMatch === isMatch ? this.#extend(to, isMatch) : this.#hold(from, to, isMatch);
      case 'MergedWithPrevious': {
        if (!isMatch || !this.#isHeld || this.#isMatch || this.#hasMerged) return this.#hold(from, to, isMatch);
        this.#hasMerged = true;
        return this.#extend(to, false);
      }
      case 'MergedWithNext':
        return this.#isHeld && this.#isMatch && !isMatch ? this.#extend(to, false) : this.#hold(from, to, isMatch);
    }
  }

  finish(): boolean {
    return !this.#isHeld || this.visit(this.source, this.#from, this.#to);
  }

  get #isHeld(): boolean {
    return this.#from !== -1;
  }

  #extend(to: number, isMatch: boolean): boolean {
    this.#to = to;
    this.#isMatch = isMatch;
    return true;
  }

  #hold(from: number, to: number, isMatch: boolean): boolean {
    const goesOn = this.finish();
    this.#from = from;
    this.#to = to;
    this.#isMatch = isMatch;
    this.#hasMerged = false;
    return goesOn;
  }
}

const builtIn = (source: string) => regexPattern(source, 'built-in pattern');
// ASCII symbols count as punctuation, as in BERT.
const punctuation = '\\p{P}!-/:-@\\[-`{-~';

// Words as UTS #18 has them, with the joiners that hold emoji together.
const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}';

/** At white space, which goes away. */
export function whitespaceSplit(): PreTokenizer {
  return splitPreTokenizer(builtIn('\\s+'), 'Removed', { json: { type: 'WhitespaceSplit' } });
}

/** Runs of word characters and runs of others; white space goes away. */
export function whitespacePreTokenizer(): PreTokenizer {
  return splitPreTokenizer(builtIn(`[${word}]+|[^${word}\\s]+`), 'Removed', {
    invert: true,
    json: { type: 'Whitespace' },
  });
}

export function punctuationPreTokenizer(behavior: SplitBehavior): PreTokenizer {
  const json = { type: 'Punctuation', behavior } as PreTokenizer['json'];
  return splitPreTokenizer(builtIn(`[${punctuation}]`), behavior, { json });
}

export function digitsPreTokenizer(individualDigits: boolean): PreTokenizer {
  const json = { type: 'Digits', individual_digits: individualDigits } as PreTokenizer['json'];
  return splitPreTokenizer(builtIn('\\p{N}'), individualDigits ? 'Isolated' : 'Contiguous', { json });
}

/** BERT's: at white space, which goes away, and around punctuation. */
export function bertPreTokenizer(): PreTokenizer {
  return splitPreTokenizer(builtIn(`[${punctuation}]|[^\\s${punctuation}]+`), 'Removed', {
    invert: true,
    json: { type: 'BertPreTokenizer' },
  });
}
