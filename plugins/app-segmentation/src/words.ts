import { textOf, type Units, unitKind } from '@zooid/tokenizers';

/** A word of the text, `[start, end)` in UTF-16 units. White space between words is a word of its own. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The same offsets in code points, when asked for. */
  readonly codePoints?: readonly [number, number];
}

const WORDS_PER_STEP = 4096;

/** The words between the boundaries; joined they are the text. */
export function* wordsBetween(
  units: Units,
  boundaries: Uint8Array,
  withCodePoints: boolean,
): Generator<number, Word[]> {
  const words: Word[] = [];
  const { starts, count } = units;
  let first = 0;
  let codePoint = 0;
  for (let unit = 1; unit <= count; unit++) {
    if (boundaries[unit] !== 1) continue;
    const text = textOf(units, first, unit);
    const word = { text, start: starts[first]!, end: starts[unit]! };
    if (withCodePoints) {
      const next = codePoint + codePointCount(text);
      words.push({ ...word, codePoints: [codePoint, next] });
      codePoint = next;
    } else words.push(word);
    first = unit;
    // Making objects costs more than the passes over arrays.
    if (words.length % WORDS_PER_STEP === 0) yield 4 * WORDS_PER_STEP;
  }
  return words;
}

/** The words for scoring: white space between words left out. */
export function scoredWords(units: Units, boundaries: Uint8Array): string[] {
  const words: string[] = [];
  let first = 0;
  for (let unit = 1; unit <= units.count; unit++) {
    if (boundaries[unit] !== 1) continue;
    if (unit - first > 1 || units.kinds[first] !== unitKind.space) words.push(textOf(units, first, unit));
    first = unit;
  }
  return words;
}

function codePointCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--;
  return count;
}
