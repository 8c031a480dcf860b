/** What a code point is to the division of a text into units. */
export const characterKind = {
  unseen: 0,
  /** A unit of its own: Han and kana characters, punctuation, symbols, emoji. */
  single: 1,
  /** Part of a word that is written without spaces inside: Latin, Cyrillic, Hangul and their like. */
  letter: 2,
  digit: 3,
  space: 4,
  /** Belongs to the character before it: combining marks, joiners, variation selectors, direction marks. */
  extending: 5,
  /** Half of a flag. */
  regionalIndicator: 6,
  /** Joins the digits on both of its sides: `3.14`, `1,000`. */
  digitJoiner: 7,
  /** Joins the letters on both of its sides: `don't`. */
  letterJoiner: 8,
} as const;

const space = /^\p{White_Space}$/u;
const extending = /^[\p{M}\p{Cf}\p{Emoji_Modifier}]$/u;
const digit = /^\p{Nd}$/u;
const regionalIndicator = /^\p{Regional_Indicator}$/u;
const letter = /^\p{L}$/u;
const pictographic = /^\p{Extended_Pictographic}$/u;
/** Scripts that put no spaces between words, so that a run of their letters is not one word. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\u30fc]$/u;

const kinds = new Uint8Array(0x110000);

/** One of {@link characterKind}; classified when it is first met. */
export function kindOf(codePoint: number): number {
  const known = kinds[codePoint]!;
  if (known !== characterKind.unseen) return known;
  const found = classify(codePoint);
  kinds[codePoint] = found;
  return found;
}

/** Whether a zero-width joiner before this code point makes it part of the emoji before the joiner. */
export function isPictographic(codePoint: number): boolean {
  return pictographic.test(String.fromCodePoint(codePoint));
}

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (character === '.' || character === ',') return characterKind.digitJoiner;
  if (character === "'" || character === '’') return characterKind.letterJoiner;
  if (space.test(character)) return characterKind.space;
  if (extending.test(character)) return characterKind.extending;
  if (digit.test(character)) return characterKind.digit;
  if (regionalIndicator.test(character)) return characterKind.regionalIndicator;
  if (letter.test(character) && !unspaced.test(character)) return characterKind.letter;
  return characterKind.single;
}
