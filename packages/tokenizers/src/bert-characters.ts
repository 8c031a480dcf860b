/** How BERT's normaliser and pre-tokeniser treat text, all decided. */
export interface BertNormalization {
  /** Remove control characters, U+0000 and U+FFFD; turn every white space into a space. */
  readonly cleanText: boolean;
  /** Make every Chinese character (CJK ideograph of any plane) a word of its own. */
  readonly chineseCharacters: boolean;
  /** Decompose (NFD) and drop non-spacing marks. */
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** What the scanner does with a character. Numbered so that one comparison picks out the single-character words. */
export const characterClass = {
  unseen: 0,
  /** A Chinese character of the basic plane that stays itself: a word of one character. */
  chinese: 1,
  /** Punctuation that stays itself: a word of one character. */
  punctuation: 2,
  space: 3,
  /** Part of a word, and exactly one code point of the basic plane after normalisation. */
  word: 4,
  /** Removed, without ending a word. */
  dropped: 5,
  /** Everything else: see `expand`. Surrogates are here, so that code points are put together only where needed. */
  expanding: 6,
} as const;

/** What the pre-tokeniser does with a character that is normalised already. */
export const normalizedKind = { unseen: 0, word: 1, space: 2, punctuation: 3, spacingMark: 4 } as const;

const control = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;
const whiteSpace = /^\p{White_Space}$/u;
const nonSpacingMarks = /\p{Mn}/gu;
const spacingMark = /^\p{Mc}$/u;
// ASCII symbols count as punctuation, as they do in BERT: `$`, `+`, `<`, `=`, `>`, `^`, `` ` ``, `|`, `~`.
const punctuation = /^[\p{P}\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]$/u;

const blank = 0x20;
const capitalSigma = 0x3a3;
const finalSigma = 0x3c2;
const maxCodePoint = 0x10ffff;

/** BERT's `_is_chinese_char`: CJK ideographs of all planes, not kana and not Hangul. */
export function isChineseCharacter(codePoint: number): boolean {
  return (
    (codePoint >= 0x4e00 && codePoint <= 0x9fff) ||
    (codePoint >= 0x3400 && codePoint <= 0x4dbf) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0x20000 && codePoint <= 0x2a6df) ||
    (codePoint >= 0x2a700 && codePoint <= 0x2b73f) ||
    (codePoint >= 0x2b740 && codePoint <= 0x2b81f) ||
    (codePoint >= 0x2b820 && codePoint <= 0x2ceaf) ||
    (codePoint >= 0x2f800 && codePoint <= 0x2fa1f)
  );
}

/**
 * BERT's view of every character under one normalisation. A character is classified when it is first met, so making
 * a table costs nothing and its memory is touched only where text goes.
 */
export class BertCharacters {
  /** `characterClass` by code point; `unseen` until `classify` has been asked. */
  readonly classes = new Uint8Array(maxCodePoint + 1);
  /** The normalised character, for class `word`. */
  readonly mapped = new Uint16Array(0x10000);
  readonly #kinds = new Uint8Array(maxCodePoint + 1);
  readonly #expansions = new Map<number, readonly number[]>();

  constructor(readonly normalization: BertNormalization) {
    this.classes.fill(characterClass.expanding, 0xd800, 0xe000);
  }

  classify(codePoint: number): number {
    const known = this.classes[codePoint]!;
    if (known !== characterClass.unseen) return known;
    const found = this.#classify(codePoint);
    this.classes[codePoint] = found;
    return found;
  }

  /** What a character of class `expanding` becomes: any number of code points, with blanks around a Chinese character. */
  expand(codePoint: number, text: string, at: number): readonly number[] {
    if (codePoint === capitalSigma && this.normalization.lowercase && isFinalSigma(text, at, this)) {
      return [finalSigma];
    }
    let expansion = this.#expansions.get(codePoint);
    if (expansion === undefined) {
      expansion = this.#expand(codePoint);
      this.#expansions.set(codePoint, expansion);
    }
    return expansion;
  }

  kind(normalized: number): number {
    const known = this.#kinds[normalized]!;
    if (known !== normalizedKind.unseen) return known;
    const character = String.fromCodePoint(normalized);
    const found = whiteSpace.test(character)
      ? normalizedKind.space
      : punctuation.test(character)
        ? normalizedKind.punctuation
        : spacingMark.test(character)
          ? normalizedKind.spacingMark
          : normalizedKind.word;
    this.#kinds[normalized] = found;
    return found;
  }

  #classify(codePoint: number): number {
    const { cleanText, chineseCharacters, lowercase } = this.normalization;
    const character = String.fromCodePoint(codePoint);
    const isSpace = whiteSpace.test(character);
    // Tab, line feed and carriage return are control characters in Unicode, and white space here.
    const isKeptControl = codePoint === 9 || codePoint === 10 || codePoint === 13;
    if (cleanText && !isKeptControl) {
      if (codePoint === 0 || codePoint === 0xfffd || control.test(character)) return characterClass.dropped;
    }
    if (isSpace) return characterClass.space;
    const normalized = this.#normalize(codePoint);
    const only = normalized.length === 1 ? normalized[0]! : -1;
    if (only === -1 || only > 0xffff || codePoint > 0xffff) return characterClass.expanding;
    if (codePoint === capitalSigma && lowercase) return characterClass.expanding;
    if (chineseCharacters && isChineseCharacter(codePoint)) {
      return only === codePoint ? characterClass.chinese : characterClass.expanding;
    }
    const kind = this.kind(only);
    if (kind === normalizedKind.punctuation) {
      return only === codePoint ? characterClass.punctuation : characterClass.expanding;
    }
    if (kind !== normalizedKind.word) return characterClass.expanding;
    this.mapped[codePoint] = only;
    return characterClass.word;
  }

  #expand(codePoint: number): readonly number[] {
    const normalized = this.#normalize(codePoint);
    const isolate = this.normalization.chineseCharacters && isChineseCharacter(codePoint);
    return isolate ? [blank, ...normalized, blank] : normalized;
  }

  #normalize(codePoint: number): readonly number[] {
    let text = String.fromCodePoint(codePoint);
    if (this.normalization.lowercase) text = text.toLowerCase();
    if (this.normalization.stripAccents) text = text.normalize('NFD').replace(nonSpacingMarks, '');
    return Array.from(text, (character) => character.codePointAt(0)!);
  }
}

const cased = /^\p{Cased}$/u;
const caseIgnorable = /^\p{Case_Ignorable}$/u;

/**
 * Unicode's Final_Sigma: Σ becomes ς after a cased letter and not before one, case-ignorable characters set aside.
 * Looking past those costs each stretch of them at most two visits, one from either side.
 */
function isFinalSigma(text: string, at: number, characters: BertCharacters): boolean {
  const isPassed = (codePoint: number, character: string) =>
    characters.classify(codePoint) === characterClass.dropped || caseIgnorable.test(character);
  let before = at - 1;
  for (; before >= 0; before--) {
    const isLow = (text.charCodeAt(before) & 0xfc00) === 0xdc00 && before > 0;
    if (isLow) before--;
    const codePoint = text.codePointAt(before)!;
    const character = String.fromCodePoint(codePoint);
    if (isPassed(codePoint, character)) continue;
    if (!cased.test(character)) return false;
    break;
  }
  if (before < 0) return false;
  for (let after = at + 1; after < text.length; after++) {
    const codePoint = text.codePointAt(after)!;
    const character = String.fromCodePoint(codePoint);
    if (codePoint > 0xffff) after++;
    if (!isPassed(codePoint, character)) return !cased.test(character);
  }
  return true;
}
