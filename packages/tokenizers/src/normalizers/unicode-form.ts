import { AlignedBuilder, type AlignedText } from '../aligned-text.js';
import type { Normalizer } from './normalizer.js';

export const unicodeForms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
export type UnicodeForm = (typeof unicodeForms)[number];

/**
 * Unicode's stream-safe limit (UAX #15 §13): no natural text has more marks on one character, and sorting them takes
 * time quadratic in their number.
 */
const maxSegment = 32;

const mark = /^\p{M}/u;
// Kirat Rai vowels compose but are letters, unlike all other characters that do.
const composingLetter = (codePoint: number) =>
  (codePoint >= 0x1160 && codePoint <= 0x11ff) || (codePoint >= 0x16d63 && codePoint <= 0x16d6a);

/**
 * A Unicode normalisation form. A base character and its marks are normalised together, and every resulting character
 * stands for the whole of them; more than 32 characters on end are taken in parts.
 */
export function unicodeNormalizer(form: UnicodeForm): Normalizer {
  const singles = new Map<number, string>();
  const extenders = new Map<number, boolean>();
  const normalizeSingle = (codePoint: number): string => {
    let result = singles.get(codePoint);
    if (result === undefined) {
      result = String.fromCodePoint(codePoint).normalize(form);
      singles.set(codePoint, result);
    }
    return result;
  };
  /** Whether a character may be reordered or composed with the one before it. */
  const extendsPrevious = (codePoint: number): boolean => {
    if (codePoint < 0x300 || (codePoint >= 0x3400 && codePoint <= 0x9fff)) return false;
    let result = extenders.get(codePoint);
    if (result === undefined) {
      const first = String.fromCodePoint(codePoint).normalize('NFKD');
      result = mark.test(first) || composingLetter(first.codePointAt(0)!);
      extenders.set(codePoint, result);
    }
    return result;
  };
  const isPlain = (unit: number) => unit < 0x80 || (unit >= 0x4e00 && unit <= 0x9fff);

  return {
    json: { type: form },
    apply(source: AlignedText): AlignedText {
      const { text } = source;
      const out = new AlignedBuilder(source);
      for (let i = 0; i < text.length; ) {
        const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
        if (isPlain(text.charCodeAt(i)) && (next < 0x300 || isPlain(next))) {
          i++;
          continue;
        }
        const codePoint = text.codePointAt(i)!;
        const first = i + (codePoint > 0xffff ? 2 : 1);
        let end = first;
        for (let count = 1; end < text.length && count < maxSegment; count++) {
          const following = text.codePointAt(end)!;
          if (!extendsPrevious(following)) break;
          end += following > 0xffff ? 2 : 1;
        }
        out.replace(i, end, end === first ? normalizeSingle(codePoint) : text.slice(i, end).normalize(form));
        i = end;
      }
      return out.finish();
    },
  };
}
